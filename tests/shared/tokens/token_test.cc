#include "shared/tokens/token.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::tokens {
namespace {

// The worked example of README.md; its check was computed by zlib.
constexpr std::string_view kExample = "pst_k7x2m9q4w8ab_0123456789ABCDEFGHIJKLMNOPQR2Wsf4f";

TEST(Token, AgreesWithTheWorkedExample) {
  const std::string key = Format(Kind::kVirtualKey, "k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQR");
  EXPECT_EQ(key, kExample);
  const Token parsed = Parse(Kind::kVirtualKey, kExample);
  EXPECT_EQ(parsed.form, Form::kOurs);
  EXPECT_EQ(parsed.id, "k7x2m9q4w8ab");
  EXPECT_EQ(parsed.secret, "0123456789ABCDEFGHIJKLMNOPQR");
  EXPECT_EQ(ToHex(crypto::AsBytes(HashSecret(parsed.secret))),
            "7d029a20dd2f0d64f323e8b3daf5ae0aefaa6b6e37d30ce03848b8655d917896");
}

TEST(Token, TellsForeignFromMalformedFromMistyped) {
  const std::string key(kExample);
  for (const std::string& foreign : {std::string("sk-ant-api03-x"), std::string(), std::string("pst"),
                                     "x" + key, "PST_" + key.substr(4), " " + key}) {
    EXPECT_EQ(Parse(Kind::kVirtualKey, foreign).form, Form::kForeign) << foreign;
  }
  std::string capital_id = key, no_line = key, bad_secret = key;
  capital_id[5] = 'K';
  no_line[16] = '-';
  bad_secret[30] = '+';
  for (const std::string& malformed :
       {std::string("pst_"), std::string("pst_os_user"), key.substr(0, key.size() - 1), key + "0", key + " ",
        capital_id, no_line, bad_secret, key.substr(0, 20) + std::string(1, '\0') + key.substr(21)}) {
    EXPECT_EQ(Parse(Kind::kVirtualKey, malformed).form, Form::kMalformed) << malformed;
  }
  EXPECT_EQ(Parse(Kind::kVirtualKey, std::string(100'000'000, 'p')).form, Form::kForeign);
}

TEST(Token, NoticesEveryMistypedCharacterAndEverySwap) {
  const std::string key(kExample);
  for (size_t i = 4; i < key.size(); ++i) {
    if (key[i] == '_') continue;
    std::string mistyped = key;
    mistyped[i] = key[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(Parse(Kind::kVirtualKey, mistyped).form, Form::kMistyped) << i;
    std::string swapped = key;
    if (i + 1 < key.size() && key[i + 1] != '_' && key[i] != key[i + 1]) {
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_NE(Parse(Kind::kVirtualKey, swapped).form, Form::kOurs) << i;
    }
  }
}

TEST(Token, ShowsNoPartsOfWhatIsNotOurs) {
  std::string mistyped(kExample);
  mistyped.back() = mistyped.back() == 'z' ? 'y' : 'z';
  EXPECT_TRUE(Parse(Kind::kVirtualKey, mistyped).id.empty());
  EXPECT_TRUE(Parse(Kind::kVirtualKey, mistyped).secret.empty());
}

TEST(Token, IsOfOneKindOnly) {
  constexpr Kind kKinds[] = {Kind::kVirtualKey, Kind::kAdministrator, Kind::kEnrolment};
  for (const Kind kind : kKinds) {
    const std::string text = Format(kind, "k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQR");
    EXPECT_TRUE(text.starts_with(Prefix(kind)));
    for (const Kind other : kKinds)
      EXPECT_EQ(Parse(other, text).form, other == kind ? Form::kOurs : Form::kForeign) << text;
    // The check covers the prefix: a token can't be made one of another kind by renaming it.
    for (const Kind other : kKinds) {
      const std::string renamed = std::string(Prefix(other)) + text.substr(4);
      EXPECT_EQ(Parse(other, renamed).form, other == kind ? Form::kOurs : Form::kMistyped) << renamed;
    }
  }
}

TEST(Redacted, CutsEveryTokenAfterItsId) {
  const std::string key(kExample);
  EXPECT_EQ(Redacted("/v1/keys/" + key + "/revoke"), "/v1/keys/pst_k7x2m9q4w8ab_…/revoke");
  EXPECT_EQ(Redacted(key + " " + key), "pst_k7x2m9q4w8ab_… pst_k7x2m9q4w8ab_…");
  EXPECT_EQ(Redacted(key.substr(0, 20)), "pst_k7x2m9q4w8ab_…");  // a part of a secret is one as well
  EXPECT_EQ(Redacted("pse_k7x2m9q4w8ab_x@00"), "pse_k7x2m9q4w8ab_…@00");
}

TEST(Redacted, LeavesOtherTextAlone) {
  for (const std::string text :
       {"", "pst_", "pst_os_user", "/v1/keys/k7x2m9q4w8ab", "pst_k7x2m9q4w8ab_", "für"})
    EXPECT_EQ(Redacted(text), text);
}

TEST(MakeToken, MakesKeysThatParseAndDiffer) {
  std::mt19937_64 random(3);
  const auto fill = [&](std::span<uint8_t> bytes) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  };
  std::set<std::string> ids, secrets;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = Make(Kind::kVirtualKey, fill);
    const Token parsed = Parse(Kind::kVirtualKey, key);
    ASSERT_EQ(parsed.form, Form::kOurs) << key;
    EXPECT_TRUE(ids.emplace(parsed.id).second);
    EXPECT_TRUE(secrets.emplace(parsed.secret).second);
  }
}

// A plain `byte % 62` would make the first eight characters a quarter more frequent.
TEST(MakeToken, DrawsEveryCharacterEvenly) {
  std::mt19937_64 random(4);
  const auto fill = [&](std::span<uint8_t> bytes) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  };
  std::map<char, int> count;
  constexpr int kKeys = 20'000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = Make(Kind::kVirtualKey, fill);
    for (const char c : Parse(Kind::kVirtualKey, key).secret) ++count[c];
  }
  EXPECT_EQ(count.size(), 62u);
  const double even = kKeys * static_cast<double>(kSecretSize) / 62;
  for (const auto& [c, times] : count) EXPECT_NEAR(times, even, even * 0.06) << c;
}

TEST(TokenDeathTest, RefusesToFormatWhatIsNotAKey) {
  EXPECT_DEATH(Format(Kind::kVirtualKey, "short", "0123456789ABCDEFGHIJKLMNOPQR"), "CHECK failed");
  EXPECT_DEATH(Format(Kind::kVirtualKey, "k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQ!"), "CHECK failed");
}

}  // namespace
}  // namespace postern::tokens
