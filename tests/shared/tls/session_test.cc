#include "shared/tls/session.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/certificate.h"
#include "tests/support/temporary_directory.h"

namespace postern::tls {
namespace {

using support::Certificate;
using support::MakeCertificate;
using support::TemporaryDirectory;

// Both ends of a connection in one thread: each takes a step in turn.
class Pair {
 public:
  Pair(Context& client, Context& server, const std::string& host) {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    client_ = *Session::Connect(client, ends_[0], host);
    server_ = *Session::Accept(server, ends_[1]);
  }
  Pair(const Pair&) = delete;
  ~Pair() {
    for (const int end : ends_) ::close(end);
  }

  Session& client() { return *client_; }
  Session& server() { return *server_; }

  // Whether the client is content with what it was shown.
  bool Handshake() {
    Step client = Step::kWantRead;
    Step server = Step::kWantRead;
    for (int turn = 0; turn < 20 && (client != Step::kDone || server != Step::kDone); ++turn) {
      if (client != Step::kDone) client = client_->Handshake();
      if (client == Step::kFailed) return false;
      if (server != Step::kDone) server = server_->Handshake();
    }
    return client == Step::kDone && server == Step::kDone;
  }

  // What the client reads of what the server writes; tickets for the next connection come with it.
  std::string Tell(std::string_view text) {
    EXPECT_EQ(server_->Write({text.data(), text.size()}).bytes, text.size());
    std::array<char, 100> into{};
    const Transfer read = client_->Read(into);
    return read.step == Step::kDone ? std::string(into.data(), read.bytes) : "";
  }

 private:
  std::array<int, 2> ends_{};
  std::unique_ptr<Session> client_;
  std::unique_ptr<Session> server_;
};

class SessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Context> ServerWith(const Certificate& certificate) {
    return *Context::Server({.certificate = certificate.certificate, .key = certificate.key});
  }
  std::unique_ptr<Context> ClientTrusting(const Certificate& certificate) {
    ClientOptions options;
    options.system_roots = false;
    options.authorities = {certificate.certificate};
    return *Context::Client(options);
  }

  TemporaryDirectory directory_;
};

TEST_F(SessionTest, CarriesBytesBetweenThoseWhoTrust) {
  const Certificate certificate = MakeCertificate(directory_);
  const auto server = ServerWith(certificate);
  const auto client = ClientTrusting(certificate);
  Pair pair(*client, *server, "localhost");
  ASSERT_TRUE(pair.Handshake()) << pair.client().failure();
  EXPECT_EQ(pair.Tell("a letter"), "a letter");
  EXPECT_FALSE(pair.client().resumed());
}

TEST_F(SessionTest, TheSecondConnectionResumesTheFirst) {
  const Certificate certificate = MakeCertificate(directory_);
  const auto server = ServerWith(certificate);
  const auto client = ClientTrusting(certificate);
  for (const bool again : {false, true, true}) {
    Pair pair(*client, *server, "localhost");
    ASSERT_TRUE(pair.Handshake()) << pair.client().failure();
    EXPECT_EQ(pair.client().resumed(), again);
    EXPECT_EQ(pair.Tell("x"), "x");
  }
}

TEST_F(SessionTest, AnAddressIsCheckedAsOne) {
  const Certificate certificate = MakeCertificate(directory_);
  const auto server = ServerWith(certificate);
  const auto client = ClientTrusting(certificate);
  EXPECT_TRUE(Pair(*client, *server, "127.0.0.1").Handshake());
  EXPECT_FALSE(Pair(*client, *server, "127.0.0.2").Handshake());
}

TEST_F(SessionTest, ACertificateForAnotherNameIsRefused) {
  const Certificate certificate = MakeCertificate(directory_);
  const auto server = ServerWith(certificate);
  const auto client = ClientTrusting(certificate);
  Pair pair(*client, *server, "provider.example");
  EXPECT_FALSE(pair.Handshake());
  EXPECT_NE(pair.client().failure().find("isn't trusted"), std::string::npos) << pair.client().failure();
}

TEST_F(SessionTest, ACertificateThatNobodyVouchesForIsRefused) {
  const auto server = ServerWith(MakeCertificate(directory_));
  const auto client = ClientTrusting(MakeCertificate(directory_, "other.example"));
  EXPECT_FALSE(Pair(*client, *server, "localhost").Handshake());
}

TEST_F(SessionTest, AClientThatTrustsNobodyRefusesEverybody) {
  const auto server = ServerWith(MakeCertificate(directory_));
  ClientOptions options;
  options.system_roots = false;
  const auto client = *Context::Client(options);
  EXPECT_FALSE(Pair(*client, *server, "localhost").Handshake());
}

TEST_F(SessionTest, AFileThatIsNotWhatItShouldBeIsNamed) {
  const Certificate certificate = MakeCertificate(directory_);
  const std::string wrong = directory_.Write("wrong.pem", "not a certificate");
  ClientOptions options;
  options.authorities = {wrong};
  EXPECT_NE(Context::Client(options).error().message.find("wrong.pem"), std::string::npos);
  const auto server = Context::Server({.certificate = certificate.certificate, .key = wrong});
  ASSERT_FALSE(server.has_value());
  EXPECT_NE(server.error().message.find("wrong.pem"), std::string::npos);
}

}  // namespace
}  // namespace postern::tls
