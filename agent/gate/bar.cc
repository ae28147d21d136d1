#include "agent/gate/bar.h"

#include "agent/gate/sentences.h"
#include "agent/identity/identify.h"

namespace postern::gate {
namespace {

using identity::IdentityRefusal;
using membership::Certainty;
using membership::Membership;
using membership::Trust;

std::optional<Refusal> WhyHostIsBarred(const Membership& membership) {
  if (const auto freeze = membership.freeze()) return FreezeRefusal(*freeze);
  std::optional<NoAnswer> why;
  switch (membership.outlook().trust) {
    case Trust::kRevoked: why = NoAnswer::kRevoked; break;
    case Trust::kSilent: why = NoAnswer::kSilent; break;
    case Trust::kTooLong: why = NoAnswer::kTooLong; break;
    case Trust::kYes:
    case Trust::kNever:
    case Trust::kQuarantined: return std::nullopt;
  }
  return RefusalOf(*why, membership.standing().why, membership.enforced().policy_ttl);
}

std::optional<Refusal> WhyKeyIsBarred(const LiveExchange& exchange, Inquiries& inquiries,
                                      const Settings& settings, WallTime now) {
  const std::string& id = exchange.who().key->value;
  const membership::KeyAnswer answer = inquiries.membership().FindKey(id);
  if (answer.certainty != Certainty::kConfirmed) inquiries.AskAgain(id);
  if (answer.key == nullptr) {
    if (answer.certainty != Certainty::kConfirmed) return std::nullopt;
    return RefusalOf(IdentityRefusal::kUnknownKey);
  }
  const auto barred = identity::WhyBarred(answer.key->record, settings.host_name, exchange.os_user(), now);
  return barred ? std::optional(RefusalOf(*barred, *answer.key)) : std::nullopt;
}

std::optional<Refusal> WhyOsUserIsBarred(const LiveExchange& exchange, Inquiries& inquiries) {
  if (!exchange.os_user()) return std::nullopt;
  const membership::OsUserAnswer answer = inquiries.membership().FindOsUser(*exchange.os_user());
  if (answer.certainty != Certainty::kConfirmed) {
    inquiries.AskAgain(*exchange.os_user());
    return std::nullopt;
  }
  const bool same = answer.user != nullptr && answer.user->principal.user == exchange.who().principal.user;
  return same ? std::nullopt : std::optional(RefusalOf(IdentityRefusal::kUnknownOsUser));
}

}  // namespace

std::optional<Refusal> WhyBarredByFiles(const LiveExchange& exchange, const Settings& settings,
                                        WallTime now) {
  if (!exchange.who().key) {
    const auto& users = settings.config.os_users;
    const bool known = exchange.os_user() && users.contains(*exchange.os_user());
    return known ? std::nullopt : std::optional(RefusalOf(IdentityRefusal::kUnknownOsUser));
  }
  const identity::KeyRecord* record = settings.keys.Find(exchange.who().key->value);
  if (record == nullptr) return RefusalOf(IdentityRefusal::kUnknownKey);
  const auto barred = identity::WhyBarred(*record, settings.host_name, exchange.os_user(), now);
  return barred ? std::optional(RefusalOf(*barred)) : std::nullopt;
}

std::optional<Refusal> WhyBarredByCollector(const LiveExchange& exchange, Inquiries& inquiries,
                                            const Settings& settings, WallTime now) {
  if (auto why = WhyHostIsBarred(inquiries.membership())) return why;
  return exchange.who().key ? WhyKeyIsBarred(exchange, inquiries, settings, now)
                            : WhyOsUserIsBarred(exchange, inquiries);
}

}  // namespace postern::gate
