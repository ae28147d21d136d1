#include "agent/enrolment/enrolment_call.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::enrolment {
namespace {

const std::string kLogKey = ToHex(crypto::SigningKey::FromSeed(std::string(32, 'l'))->public_key().raw());

std::string Answer(const std::string& bus, const std::string& agent = "k7x2m9q4w8ab",
                   const std::string& curve = std::string(64, '7')) {
  json::Writer out;
  out.BeginObject();
  out.Text("agent", agent).Text("collector", "00ff").Text("curve_key", curve).Text("log_key", kLogKey);
  out.Text("bus", bus).Integer("epoch", 1).Text("later", "unknown fields pass");
  out.EndObject();
  return out.Take();
}

TEST(EnrolmentCall, SaysWhatTheContractWants) {
  const Application application{.token = "a token",
                                .host = "build-7",
                                .machine = std::string(32, '\x01'),
                                .curve_key = std::string(32, '\x02'),
                                .seal_key = std::string(32, '\x03'),
                                .sealing_key = std::string(32, '\x04'),
                                .version = "1.2.3"};
  const auto value = json::Parse(Body(application));
  ASSERT_TRUE(value);
  const auto body =
      value->AsObject({"token", "host", "machine", "curve_key", "seal_key", "sealing_key", "version"});
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(*body->Text("token"), "a token");
  EXPECT_EQ(*body->Text("host"), "build-7");
  EXPECT_EQ(*FromHex(*body->Text("machine")), application.machine);
  EXPECT_EQ(*FromHex(*body->Text("curve_key")), application.curve_key);
  EXPECT_EQ(*FromHex(*body->Text("seal_key")), application.seal_key);
  EXPECT_EQ(*FromHex(*body->Text("sealing_key")), application.sealing_key);
}

TEST(EnrolmentCall, TheConversationIsAtTheHostThatWasCalledUnlessTheAnswerNamesAnother) {
  EXPECT_EQ(ReadAnswer(Answer(":4791"), "keep.example")->bus, "keep.example:4791");
  EXPECT_EQ(ReadAnswer(Answer(":4791"), "2001:db8::7")->bus, "[2001:db8::7]:4791");
  EXPECT_EQ(ReadAnswer(Answer("bus.example:4791"), "keep.example")->bus, "bus.example:4791");
}

TEST(EnrolmentCall, AnAnswerThatIsNoneIsRefused) {
  ASSERT_TRUE(ReadAnswer(Answer(":4791"), "keep.example"));
  for (const std::string& wrong :
       {std::string(), std::string("{}"), std::string("[]"), Answer("4791"), Answer("host:"),
        Answer("host:0"), Answer("host:70000"), Answer("ho st:4791"), Answer(":4791", "NOT AN ID"),
        Answer(":4791", "k7x2m9q4w8ab", "77"), Answer(":4791", "k7x2m9q4w8ab", std::string(64, 'x'))}) {
    const auto read = ReadAnswer(wrong, "keep.example");
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace postern::enrolment
