#include "agent/identity/virtual_key.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "shared/base/hex.h"

namespace postern::identity {
namespace {

// The worked example of README.md; its check was computed by zlib.
constexpr std::string_view kExample = "pst_k7x2m9q4w8ab_0123456789ABCDEFGHIJKLMNOPQR2Wsf4f";

TEST(VirtualKey, AgreesWithTheWorkedExample) {
  const std::string key = FormatVirtualKey("k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQR");
  EXPECT_EQ(key, kExample);
  const VirtualKey parsed = ParseVirtualKey(kExample);
  EXPECT_EQ(parsed.form, KeyForm::kOurs);
  EXPECT_EQ(parsed.id, "k7x2m9q4w8ab");
  EXPECT_EQ(parsed.secret, "0123456789ABCDEFGHIJKLMNOPQR");
  EXPECT_EQ(ToHex(crypto::AsBytes(HashKeySecret(parsed.secret))),
            "7d029a20dd2f0d64f323e8b3daf5ae0aefaa6b6e37d30ce03848b8655d917896");
}

TEST(VirtualKey, TellsForeignFromMalformedFromMistyped) {
  const std::string key(kExample);
  for (const std::string& foreign : {std::string("sk-ant-api03-x"), std::string(), std::string("pst"),
                                     "x" + key, "PST_" + key.substr(4), " " + key}) {
    EXPECT_EQ(ParseVirtualKey(foreign).form, KeyForm::kForeign) << foreign;
  }
  std::string capital_id = key, no_line = key, bad_secret = key;
  capital_id[5] = 'K';
  no_line[16] = '-';
  bad_secret[30] = '+';
  for (const std::string& malformed :
       {std::string("pst_"), std::string("pst_os_user"), key.substr(0, key.size() - 1), key + "0", key + " ",
        capital_id, no_line, bad_secret, key.substr(0, 20) + std::string(1, '\0') + key.substr(21)}) {
    EXPECT_EQ(ParseVirtualKey(malformed).form, KeyForm::kMalformed) << malformed;
  }
  EXPECT_EQ(ParseVirtualKey(std::string(100'000'000, 'p')).form, KeyForm::kForeign);
}

TEST(VirtualKey, NoticesEveryMistypedCharacterAndEverySwap) {
  const std::string key(kExample);
  for (size_t i = 4; i < key.size(); ++i) {
    if (key[i] == '_') continue;
    std::string mistyped = key;
    mistyped[i] = key[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(ParseVirtualKey(mistyped).form, KeyForm::kMistyped) << i;
    std::string swapped = key;
    if (i + 1 < key.size() && key[i + 1] != '_' && key[i] != key[i + 1]) {
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_NE(ParseVirtualKey(swapped).form, KeyForm::kOurs) << i;
    }
  }
}

TEST(VirtualKey, ShowsNoPartsOfWhatIsNotOurs) {
  std::string mistyped(kExample);
  mistyped.back() = mistyped.back() == 'z' ? 'y' : 'z';
  EXPECT_TRUE(ParseVirtualKey(mistyped).id.empty());
  EXPECT_TRUE(ParseVirtualKey(mistyped).secret.empty());
}

TEST(MakeVirtualKey, MakesKeysThatParseAndDiffer) {
  std::mt19937_64 random(3);
  const auto fill = [&](std::span<uint8_t> bytes) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  };
  std::set<std::string> ids, secrets;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = MakeVirtualKey(fill);
    const VirtualKey parsed = ParseVirtualKey(key);
    ASSERT_EQ(parsed.form, KeyForm::kOurs) << key;
    EXPECT_TRUE(ids.emplace(parsed.id).second);
    EXPECT_TRUE(secrets.emplace(parsed.secret).second);
  }
}

// A plain `byte % 62` would make the first eight characters a quarter more frequent.
TEST(MakeVirtualKey, DrawsEveryCharacterEvenly) {
  std::mt19937_64 random(4);
  const auto fill = [&](std::span<uint8_t> bytes) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  };
  std::map<char, int> count;
  constexpr int kKeys = 20'000;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = MakeVirtualKey(fill);
    for (const char c : ParseVirtualKey(key).secret) ++count[c];
  }
  EXPECT_EQ(count.size(), 62u);
  const double even = kKeys * static_cast<double>(kKeySecretSize) / 62;
  for (const auto& [c, times] : count) EXPECT_NEAR(times, even, even * 0.06) << c;
}

TEST(VirtualKeyDeathTest, RefusesToFormatWhatIsNotAKey) {
  EXPECT_DEATH(FormatVirtualKey("short", "0123456789ABCDEFGHIJKLMNOPQR"), "CHECK failed");
  EXPECT_DEATH(FormatVirtualKey("k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQ!"), "CHECK failed");
}

}  // namespace
}  // namespace postern::identity
