#include "agent/enrolment/token_text.h"

#include <gtest/gtest.h>

#include "shared/crypto/random.h"
#include "shared/tokens/token.h"

namespace postern::enrolment {
namespace {

const std::string kFingerprint(64, 'a');

std::string MakeToken() { return tokens::Make(tokens::Kind::kEnrolment, crypto::RandomBytes); }

TEST(TokenText, IsTheTokenAndTheFingerprint) {
  const std::string token = MakeToken();
  const auto parsed = ParseTokenText("  " + token + "@" + kFingerprint + "\r\n");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->token, token);
  EXPECT_EQ(parsed->fingerprint, kFingerprint);
}

TEST(TokenText, SaysWhatIsWrongAndNeverShowsIt) {
  const std::string token = MakeToken();
  std::string mistyped = token;
  mistyped[20] = mistyped[20] == 'a' ? 'b' : 'a';
  const std::string key = tokens::Make(tokens::Kind::kVirtualKey, crypto::RandomBytes);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no enrolment token"},
      {" \n", "no enrolment token"},
      {key + "@" + kFingerprint, "pse_"},
      {token.substr(0, 40) + "@" + kFingerprint, "cut"},
      {mistyped + "@" + kFingerprint, "typing error"},
      {token, "no fingerprint"},
      {token + "@" + kFingerprint.substr(1), "no fingerprint"},
      {token + "@" + kFingerprint + "0", "no fingerprint"},
      {token + "@" + std::string(64, 'A'), "no fingerprint"},
      {token + "@" + kFingerprint + "@", "no fingerprint"}};
  for (const auto& [text, sentence] : cases) {
    const auto parsed = ParseTokenText(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().message.find(sentence), std::string::npos) << parsed.error().message;
    EXPECT_EQ(parsed.error().message.find(token.substr(17, 10)), std::string::npos);
  }
}

}  // namespace
}  // namespace postern::enrolment
