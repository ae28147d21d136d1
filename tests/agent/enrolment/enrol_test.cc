// Against an HTTPS server of our own that answers as the collector's contract says.
#include "agent/enrolment/enrol.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "shared/base/hex.h"
#include "shared/crypto/random.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"
#include "shared/rest/server.h"
#include "shared/tls/certificate.h"
#include "shared/tokens/token.h"
#include "tests/support/certificate.h"
#include "tests/support/held_port.h"

namespace postern::enrolment {
namespace {

class EnrolTest : public testing::Test {
 protected:
  EnrolTest() : certificate_(support::MakeCertificate(directory_)) {
    rest::ServerOptions options;
    options.certificate = certificate_.certificate;
    options.key = certificate_.key;
    server_ =
        *rest::Server::Start(options, [this](const rest::Request& request) { return handler_(request); });
    options_.url = "https://localhost:" + std::to_string(server_->port());
    options_.state_directory = directory_ / "state";
    options_.machine_id_file = directory_.Write("machine-id", "one\n");
  }

  rest::Response Admit(const rest::Request& request) {
    ++calls_;
    body_ = request.body;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/enrol");
    json::Writer out;
    out.BeginObject();
    out.Text("agent", "k7x2m9q4w8ab").Text("collector", "00ff").Text("curve_key", std::string(64, '7'));
    out.Text("log_key", ToHex(crypto::SigningKey::FromSeed(std::string(32, 'l'))->public_key().raw()));
    out.Text("bus", ":4791").Integer("epoch", 1);
    out.EndObject();
    return rest::Json(200, out.Take());
  }

  std::string Fingerprint() { return *tls::Fingerprint(support::ReadFile(certificate_.certificate)); }
  std::string Text() { return token_ + "@" + Fingerprint(); }
  bool IsEnrolled() { return std::filesystem::exists(membership::EnrolmentFile(options_.state_directory)); }

  const support::TemporaryDirectory directory_;
  const support::Certificate certificate_;
  const std::string token_ = tokens::Make(tokens::Kind::kEnrolment, crypto::RandomBytes);
  Options options_;
  std::atomic<int> calls_{0};
  std::string body_;
  std::function<rest::Response(const rest::Request&)> handler_ = [this](const rest::Request& request) {
    return Admit(request);
  };
  std::unique_ptr<rest::Server> server_;
};

TEST_F(EnrolTest, TheHostIsWhatTheCollectorSaysAndItsKeysAreItsOwn) {
  const auto enrolled = Enrol(options_, Text());
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  const auto kept = membership::LoadEnrolment(options_.state_directory);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->agent, "k7x2m9q4w8ab");
  EXPECT_EQ((*kept)->url, options_.url);
  EXPECT_EQ((*kept)->bus, "localhost:4791");
  EXPECT_EQ((*kept)->fingerprint, Fingerprint());
  const auto value = json::Parse(body_);
  const auto body = *value->AsOpenObject();
  EXPECT_EQ(*body.Text("token"), token_);
  EXPECT_EQ(*FromHex(*body.Text("machine")), spool::HashMachine(options_.machine_id_file));
  EXPECT_EQ(*FromHex(*body.Text("sealing_key")), (*kept)->sealing_key.public_key());
  const auto seal_key = spool::LoadOrMakeKey(options_.state_directory.string());
  EXPECT_EQ(*FromHex(*body.Text("seal_key")), seal_key->public_key().raw());
  EXPECT_EQ(body_.find(ToHex((*kept)->conversation_key.view())), std::string::npos);
}

TEST_F(EnrolTest, NothingIsSentToAnotherCollector) {
  const std::string other = Fingerprint().front() == 'a' ? "b" : "a";
  const auto enrolled = Enrol(options_, token_ + "@" + other + Fingerprint().substr(1));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::kDenied);
  EXPECT_NE(enrolled.error().message.find("not the one that made this token"), std::string::npos);
  EXPECT_EQ(calls_, 0);
  EXPECT_FALSE(IsEnrolled());
}

TEST_F(EnrolTest, TheCollectorsRefusalIsShownAndNothingIsWritten) {
  handler_ = [](const rest::Request&) {
    return rest::Refusal(403, "denied", "this enrolment token was used already");
  };
  const auto enrolled = Enrol(options_, Text());
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error(), (Error{ErrorCode::kDenied, "this enrolment token was used already"}));
  EXPECT_FALSE(IsEnrolled());
}

TEST_F(EnrolTest, AnAnswerThatIsNoneLeavesNothingBehind) {
  handler_ = [](const rest::Request&) { return rest::Json(200, "{}"); };
  EXPECT_EQ(Enrol(options_, Text()).error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(IsEnrolled());
}

TEST_F(EnrolTest, AHostThatIsEnrolledStaysSoUnlessAskedAgain) {
  ASSERT_TRUE(Enrol(options_, Text()));
  const std::string before = support::ReadFile(membership::EnrolmentFile(options_.state_directory));
  const auto refused = Enrol(options_, Text());
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_NE(refused.error().message.find("k7x2m9q4w8ab"), std::string::npos);
  EXPECT_EQ(calls_, 1);
  options_.again = Again::kReplace;
  ASSERT_TRUE(Enrol(options_, Text()));
  EXPECT_NE(support::ReadFile(membership::EnrolmentFile(options_.state_directory)), before);  // other keys
}

TEST_F(EnrolTest, ACollectorThatIsNotThereIsUnavailable) {
  const support::HeldPort nobodys;
  options_.url = "https://localhost:" + std::to_string(nobodys.number());
  EXPECT_EQ(Enrol(options_, Text()).error().code, ErrorCode::kUnavailable);
  options_.url = "http://localhost:4790";
  EXPECT_EQ(Enrol(options_, Text()).error().code, ErrorCode::kInvalid);
}

TEST_F(EnrolTest, TheStateIsForItsOwnerAlone) {
  ASSERT_TRUE(Enrol(options_, Text()));
  struct stat status{};
  ASSERT_EQ(stat(options_.state_directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  ASSERT_EQ(stat(membership::EnrolmentFile(options_.state_directory).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

}  // namespace
}  // namespace postern::enrolment
