// From what a connection and a request show to the principal that they are for. Pure, and fails closed:
// whatever isn't plainly one of the known is refused.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <sys/types.h>

#include "agent/identity/key_table.h"
#include "agent/identity/presented_key.h"
#include "agent/identity/principal.h"
#include "shared/base/clock.h"
#include "shared/tokens/token.h"

namespace postern::identity {

enum class IdentityRefusal {
  kNoKey,            // and no OS user that could do instead
  kUnknownOsUser,    // no key, and os_users doesn't name the user
  kForeignKey,       // not one of Postern's
  kMalformedKey,     // with our prefix, but cut, lengthened or with other characters
  kMistypedKey,      // the check doesn't fit
  kUnknownKey,       // no key has that id and secret
  kDisabledKey,      // switched off
  kRevokedKey,       // for ever, by the collector
  kExpiredKey,       // its time has passed
  kKeyNotForHost,    // bound to other hosts
  kKeyNotForOsUser,  // bound to other users of the host, or the connection has no OS user
};

// "no_key", "foreign_key", … as records and metrics name them.
std::string_view Name(IdentityRefusal refusal);

struct Identity {
  Principal principal;
  std::optional<KeyId> key;  // none where the OS user sufficed
};

// What all requests are judged by.
struct IdentityRules {
  Mode mode = Mode::kKey;
  const KeyTable& keys;
  const std::map<uid_t, Principal>& os_users;  // with Mode::kOsUser
  std::string host;                            // this machine's name
};

// The key that a request shows: none, a well-formed one (views into the headers), or why it can't be one.
using ShownKey = std::variant<std::monostate, tokens::Token, IdentityRefusal>;
ShownKey ReadKey(const KeyHeaders& headers, Mode mode);

// Whether a well-formed key with this secret is the record's, and may be used now, on this host, by this OS
// user. Null: no such key is known.
std::variant<Identity, IdentityRefusal> Admit(const KeyRecord* record, std::string_view secret,
                                              std::string_view host, std::optional<uid_t> os_user,
                                              WallTime now);

// Whether whoever has shown this key may go on with it, there and now. Nothing: yes.
std::optional<IdentityRefusal> WhyBarred(const KeyRecord& record, std::string_view host,
                                         std::optional<uid_t> os_user, WallTime now);

// Both, by the tables of a lone host. `os_user` is the uid of the connecting socket where there is one.
std::variant<Identity, IdentityRefusal> Identify(const IdentityRules& rules, const KeyHeaders& headers,
                                                 std::optional<uid_t> os_user, WallTime now);

}  // namespace postern::identity
