#include "agent/identity/identify.h"

#include <algorithm>

#include "shared/crypto/random.h"
#include "shared/tokens/token.h"

namespace postern::identity {
namespace {

template <class T, class U>
bool Holds(const std::vector<T>& list, const U& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

std::variant<Identity, IdentityRefusal> ByOsUser(const IdentityRules& rules, std::optional<uid_t> os_user) {
  if (rules.mode != Mode::kOsUser || !os_user) return IdentityRefusal::kNoKey;
  const auto found = rules.os_users.find(*os_user);
  if (found == rules.os_users.end()) return IdentityRefusal::kUnknownOsUser;
  return Identity{found->second, std::nullopt};
}

}  // namespace

std::string_view Name(IdentityRefusal refusal) {
  switch (refusal) {
    case IdentityRefusal::kNoKey: return "no_key";
    case IdentityRefusal::kUnknownOsUser: return "unknown_os_user";
    case IdentityRefusal::kForeignKey: return "foreign_key";
    case IdentityRefusal::kMalformedKey: return "malformed_key";
    case IdentityRefusal::kMistypedKey: return "mistyped_key";
    case IdentityRefusal::kUnknownKey: return "unknown_key";
    case IdentityRefusal::kDisabledKey: return "disabled_key";
    case IdentityRefusal::kRevokedKey: return "revoked_key";
    case IdentityRefusal::kExpiredKey: return "expired_key";
    case IdentityRefusal::kKeyNotForHost: return "key_not_for_host";
    case IdentityRefusal::kKeyNotForOsUser: return "key_not_for_os_user";
  }
  return "unknown";
}

ShownKey ReadKey(const KeyHeaders& headers, Mode mode) {
  const auto presented = PresentedKey(headers, mode);
  if (!presented) return std::monostate();
  const tokens::Token key = tokens::Parse(tokens::Kind::kVirtualKey, *presented);
  switch (key.form) {
    case tokens::Form::kOurs: return key;
    case tokens::Form::kForeign: return IdentityRefusal::kForeignKey;
    case tokens::Form::kMalformed: return IdentityRefusal::kMalformedKey;
    case tokens::Form::kMistyped: return IdentityRefusal::kMistypedKey;
  }
  return IdentityRefusal::kForeignKey;
}

std::optional<IdentityRefusal> WhyBarred(const KeyRecord& record, std::string_view host,
                                         std::optional<uid_t> os_user, WallTime now) {
  if (record.disabled) return IdentityRefusal::kDisabledKey;
  // In whole seconds: nanoseconds end in 2262, and a key may be made to last longer.
  if (record.expires && std::chrono::floor<std::chrono::seconds>(now) >= *record.expires)
    return IdentityRefusal::kExpiredKey;
  if (!record.hosts.empty() && !Holds(record.hosts, host)) return IdentityRefusal::kKeyNotForHost;
  const bool bound = !record.os_users.empty();
  if (bound && !(os_user && Holds(record.os_uids, *os_user))) return IdentityRefusal::kKeyNotForOsUser;
  return std::nullopt;
}

std::variant<Identity, IdentityRefusal> Admit(const KeyRecord* record, std::string_view secret,
                                              std::string_view host, std::optional<uid_t> os_user,
                                              WallTime now) {
  const crypto::Digest hash = tokens::HashSecret(secret);
  // A wrong secret says no more than an unknown id: whether the id exists is nobody's business without it.
  if (record == nullptr ||
      !crypto::ConstantTimeEqual(crypto::AsBytes(hash), crypto::AsBytes(record->secret_hash))) {
    return IdentityRefusal::kUnknownKey;
  }
  if (const auto refusal = WhyBarred(*record, host, os_user, now)) return *refusal;
  return Identity{record->principal, record->id};
}

std::variant<Identity, IdentityRefusal> Identify(const IdentityRules& rules, const KeyHeaders& headers,
                                                 std::optional<uid_t> os_user, WallTime now) {
  const ShownKey shown = ReadKey(headers, rules.mode);
  if (const auto* refusal = std::get_if<IdentityRefusal>(&shown)) return *refusal;
  const auto* key = std::get_if<tokens::Token>(&shown);
  if (key == nullptr) return ByOsUser(rules, os_user);
  return Admit(rules.keys.Find(key->id), key->secret, rules.host, os_user, now);
}

}  // namespace postern::identity
