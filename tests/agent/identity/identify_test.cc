#include "agent/identity/identify.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/tokens/token.h"

namespace postern::identity {
namespace {

constexpr std::string_view kSecret = "0123456789ABCDEFGHIJKLMNOPQR";
const WallTime kNow = *ParseTime("2026-11-23T22:18:55Z");

std::string Key(std::string_view id, std::string_view secret = kSecret) {
  return tokens::Format(tokens::Kind::kVirtualKey, id, secret);
}

KeyTable Table() {
  const std::string hash = ToHex(crypto::AsBytes(tokens::HashSecret(kSecret)));
  std::string text;
  const auto add = [&](std::string_view id, std::string_view more) {
    text += "- {id: " + std::string(id) + ", sha256: " + hash + ", user: " + std::string(id) +
            ", created: 2026-01-01" + std::string(more) + "}\n";
  };
  add("plain0000000", "");
  add("disabled0000", ", disabled: true");
  add("expired00000", ", expires: 2026-11-23T22:18:55Z");
  add("expiring0000", ", expires: 2026-11-23T22:18:56Z");
  add("lasting00000", ", expires: 9999-12-31");
  add("host00000000", ", hosts: [here, there]");
  add("elsewhere000", ", hosts: [there]");
  add("user00000000", ", os_users: ['1000', '1001']");
  add("nobody000000", ", os_users: [no-such-user-here]");
  return *KeyTable::Parse(text, "keys.yaml");
}

// The user's name, or the refusal's.
std::string Identified(const KeyHeaders& headers, std::optional<uid_t> os_user = {}, Mode mode = Mode::kKey) {
  static const KeyTable table = Table();
  static const std::map<uid_t, Principal> users = {{1000, {"alice", "platform", "example"}}};
  const auto result = Identify({mode, table, users, "here"}, headers, os_user, kNow);
  if (const auto* refusal = std::get_if<IdentityRefusal>(&result)) return std::string(Name(*refusal));
  const Identity& identity = std::get<Identity>(result);
  EXPECT_EQ(identity.key.has_value(), identity.principal.user != "alice");
  return identity.principal.user;
}

std::string ByKey(const std::string& key, std::optional<uid_t> os_user = {}) {
  return Identified({.postern_key = {}, .authorization = {}, .api_key = key}, os_user);
}

TEST(Identify, KnowsAKeyByItsIdAndSecret) {
  EXPECT_EQ(ByKey(Key("plain0000000")), "plain0000000");
  EXPECT_EQ(ByKey(Key("plain0000000", "0123456789ABCDEFGHIJKLMNOPQS")), "unknown_key");
  EXPECT_EQ(ByKey(Key("another00000")), "unknown_key");
}

TEST(Identify, SaysWhatIsWrongWithAKey) {
  EXPECT_EQ(Identified({}), "no_key");
  EXPECT_EQ(ByKey("sk-ant-api03-something"), "foreign_key");
  EXPECT_EQ(ByKey("pst_cut"), "malformed_key");
  std::string mistyped = Key("plain0000000");
  mistyped[25] = 'z';
  EXPECT_EQ(ByKey(mistyped), "mistyped_key");
}

TEST(Identify, RefusesKeysThatAreOffOrPastTheirTime) {
  EXPECT_EQ(ByKey(Key("disabled0000")), "disabled_key");
  EXPECT_EQ(ByKey(Key("expired00000")), "expired_key");
  EXPECT_EQ(ByKey(Key("expiring0000")), "expiring0000");
  EXPECT_EQ(ByKey(Key("lasting00000")), "lasting00000");
}

TEST(Identify, HoldsKeysToTheirHostsAndUsers) {
  EXPECT_EQ(ByKey(Key("host00000000")), "host00000000");
  EXPECT_EQ(ByKey(Key("elsewhere000")), "key_not_for_host");
  EXPECT_EQ(ByKey(Key("user00000000"), 1001), "user00000000");
  EXPECT_EQ(ByKey(Key("user00000000"), 1002), "key_not_for_os_user");
  EXPECT_EQ(ByKey(Key("user00000000")), "key_not_for_os_user");
  EXPECT_EQ(ByKey(Key("nobody000000"), 0), "key_not_for_os_user");
}

TEST(Identify, TellsNothingOfAKeyWithoutItsSecret) {
  EXPECT_EQ(ByKey(Key("disabled0000", "0123456789ABCDEFGHIJKLMNOPQS")), "unknown_key");
}

TEST(Identify, TakesTheOsUserWhereTheRulesSaySo) {
  const KeyHeaders token{.postern_key = {}, .authorization = "Bearer pst_os_user", .api_key = {}};
  EXPECT_EQ(Identified(token, 1000, Mode::kOsUser), "alice");
  EXPECT_EQ(Identified({}, 1000, Mode::kOsUser), "alice");
  EXPECT_EQ(Identified(token, 1001, Mode::kOsUser), "unknown_os_user");
  EXPECT_EQ(Identified(token, std::nullopt, Mode::kOsUser), "no_key");
  EXPECT_EQ(Identified(token, 1000, Mode::kKey), "malformed_key");
  EXPECT_EQ(Identified({}, 1000, Mode::kKey), "no_key");
}

TEST(Identify, PrefersAKeyToTheOsUserAndDoesNotFallBack) {
  const std::string good = Key("plain0000000");
  EXPECT_EQ(Identified({good, {}, {}}, 1000, Mode::kOsUser), "plain0000000");
  const std::string off = Key("disabled0000");
  EXPECT_EQ(Identified({off, {}, {}}, 1000, Mode::kOsUser), "disabled_key");
}

}  // namespace
}  // namespace postern::identity
