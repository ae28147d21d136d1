#include "agent/gate/sentences.h"

#include <string>
#include <string_view>

namespace postern::gate {
namespace {

constexpr std::string_view kSigningIn =
    " Signing in to Claude doesn't help: this host's gate wants a Postern key.";

}  // namespace

Refusal RefusalOf(identity::IdentityRefusal refusal) {
  using identity::IdentityRefusal;
  const std::string signing_in(kSigningIn);
  switch (refusal) {
    case IdentityRefusal::kNoKey:
      return {Reason::kNoKey, "This request shows no Postern key (pst_…)." + signing_in};
    case IdentityRefusal::kUnknownOsUser:
      return {Reason::kUnknownOsUser,
              "This host's gate doesn't know your user account; ask your administrator." + signing_in};
    case IdentityRefusal::kForeignKey:
      return {Reason::kForeignKey, "The key of this request is not a Postern key (pst_…)." + signing_in};
    case IdentityRefusal::kMalformedKey:
      return {Reason::kMalformedKey,
              "The Postern key of this request is cut or has wrong characters; copy it again whole."};
    case IdentityRefusal::kMistypedKey:
      return {Reason::kMistypedKey,
              "The Postern key of this request has a typing error; copy it again whole."};
    case IdentityRefusal::kUnknownKey:
      return {Reason::kUnknownKey,
              "This Postern key is not known on this host; ask your administrator for one."};
    case IdentityRefusal::kDisabledKey:
      return {Reason::kDisabledKey, "This Postern key is switched off; ask your administrator."};
    case IdentityRefusal::kRevokedKey:
      return {Reason::kRevokedKey, "This Postern key was revoked; ask your administrator for a new one."};
    case IdentityRefusal::kExpiredKey:
      return {Reason::kExpiredKey, "This Postern key has expired; ask your administrator for a new one."};
    case IdentityRefusal::kKeyNotForHost:
      return {Reason::kKeyNotForHost,
              "This Postern key is for other hosts than this one; ask your administrator."};
    case IdentityRefusal::kKeyNotForOsUser:
      return {Reason::kKeyNotForOsUser,
              "This Postern key is for other users of this host; ask your administrator."};
  }
  return {Reason::kUnknownKey, "This key can't be used."};
}

Refusal RecordRefusal() {
  return {Reason::kRecordFull,
          "This host's audit record can't take more entries now, and nothing may leave unrecorded; "
          "tell your administrator (postern-agent status shows why)."};
}

}  // namespace postern::gate
