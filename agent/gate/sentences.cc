#include "agent/gate/sentences.h"

#include <string>
#include <string_view>

namespace postern::gate {
namespace {

// "12 hours", "90 minutes".
std::string Hours(std::chrono::nanoseconds time) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time).count();
  if (minutes % 60 == 0) return std::to_string(minutes / 60) + (minutes == 60 ? " hour" : " hours");
  return std::to_string(minutes) + " minutes";
}

constexpr std::string_view kSigningIn =
    " Signing in to Claude doesn't help: this host's gate wants a Postern key.";

constexpr std::string_view kNoSigningIn = " Signing in to Claude doesn't help.";

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

Refusal RefusalOf(identity::IdentityRefusal refusal, const membership::Key& key) {
  if (refusal == identity::IdentityRefusal::kDisabledKey && key.revoked)
    refusal = identity::IdentityRefusal::kRevokedKey;
  Refusal rendered = RefusalOf(refusal);
  if (key.sentence.empty()) return rendered;
  if (rendered.reason == Reason::kDisabledKey)
    rendered.sentence = "Your Postern key is switched off: " + key.sentence;
  if (rendered.reason == Reason::kRevokedKey)
    rendered.sentence = "Your Postern key was revoked: " + key.sentence;
  return rendered;
}

Refusal RefusalOf(NoAnswer no_answer, std::string_view why, std::chrono::nanoseconds ttl) {
  const std::string said = why.empty() ? "." : ": " + std::string(why);
  switch (no_answer) {
    case NoAnswer::kAway:
      return {Reason::kCollectorAway,
              "This host's gate doesn't know this key yet, and the collector that does can't be reached now; "
              "tell your administrator (postern-agent status shows the connection)."};
    case NoAnswer::kUnanswered:
      return {Reason::kCollectorAway,
              "This host's gate asked its collector about this key and got no answer in time; try again, or "
              "tell your administrator."};
    case NoAnswer::kTooMany:
      return {
          Reason::kTooManyUnknownKeys,
          "Too many keys that nobody knows are being tried on this host; yours is looked up in a moment."};
    case NoAnswer::kSilent:
      return {
          Reason::kCollectorAway,
          "This host's gate has not heard from its collector for 30 seconds, and its configuration or your "
          "organisation's policy (revocation: strict) wants it to know at once when a key is revoked; tell "
          "your administrator."};
    case NoAnswer::kTooLong:
      return {Reason::kCollectorAway, "This host's gate has not heard from its collector for more than " +
                                          Hours(ttl) +
                                          " (policy_ttl, of its configuration or your organisation's "
                                          "policy), so what it remembers of keys counts no longer; tell your "
                                          "administrator."};
    case NoAnswer::kNever:
      return {Reason::kCollectorAway,
              "This host's gate has never reached its collector; tell your administrator (postern-agent "
              "doctor says what is wrong)."};
    case NoAnswer::kQuarantined:
      return {Reason::kSetAside,
              "The organisation's collector has set this host aside until an administrator has looked at it" +
                  said + " Tell your administrator."};
    case NoAnswer::kRevoked:
      return {Reason::kSetAside,
              "The organisation's collector has shut this host out" + said + " Tell your administrator."};
    case NoAnswer::kCancelled: break;
  }
  return {Reason::kCollectorAway, "The request was given up."};
}

Refusal FreezeRefusal(const membership::Freeze& freeze) {
  std::string sentence = "Your organisation has stopped all use of its gates for now";
  sentence += freeze.sentence.empty() ? "; ask your administrator." : ": " + freeze.sentence;
  return {Reason::kFrozen, sentence + std::string(kNoSigningIn)};
}

Refusal NoCredentialRefusal(const std::vector<std::string>& names, membership::Link link) {
  if (names.empty()) {
    return {Reason::kNoCredential,
            "No provider credential is meant for this key: neither it nor its team names one; tell your "
            "administrator."};
  }
  if (link == membership::Link::kWelcomed) {
    return {Reason::kNoCredential,
            "The collector has given this host no provider credential that this key may use; tell your "
            "administrator."};
  }
  return {Reason::kNoCredential,
          "This host's gate holds no provider credential, and the collector that gives them out can't be "
          "reached now; tell your administrator."};
}

Refusal NoPolicyRefusal(membership::Link link) {
  if (link == membership::Link::kWelcomed) {
    return {Reason::kNoPolicy,
            "The collector has given this host no policy, and without one nothing is allowed; tell your "
            "administrator."};
  }
  return {Reason::kNoPolicy,
          "This host has no policy yet, and the collector that gives it can't be reached now; tell your "
          "administrator."};
}

Refusal RecordRefusal() {
  return {Reason::kRecordFull,
          "This host's audit record can't take more entries now, and nothing may leave unrecorded; "
          "tell your administrator (postern-agent status shows why)."};
}

}  // namespace postern::gate
