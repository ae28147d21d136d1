#include "agent/gate/identification.h"

#include <utility>

#include "agent/gate/sentences.h"

namespace postern::gate {
namespace {

using identity::IdentityRefusal;

identity::KeyHeaders KeyHeadersOf(const http::Head& head) {
  return {head.Find("x-postern-key"), head.Find("authorization"), head.Find("x-api-key")};
}

std::optional<uid_t> UidOf(const Caller& caller) {
  return caller.os_user ? std::optional(caller.os_user->uid) : std::nullopt;
}

Identification Refused(Refusal refusal) { return {.refusal = std::move(refusal)}; }

// The time that counts here may be the policy's and not agent.yaml's.
Identification Refused(NoAnswer no_answer, const Inquiries& inquiries) {
  const membership::Membership& membership = inquiries.membership();
  return Refused(RefusalOf(no_answer, membership.standing().why, membership.enforced().policy_ttl));
}

http::Task<Identification> IdentifyByKey(Inquiries& inquiries, http::Strand& strand, const Settings& settings,
                                         tokens::Token key, std::optional<uid_t> uid) {
  const auto finding = co_await inquiries.FindKey(strand, std::string(key.id));
  if (finding.no_answer) co_return Refused(*finding.no_answer, inquiries);
  const membership::Key* known = finding.found.get();
  auto admitted = identity::Admit(known == nullptr ? nullptr : &known->record, key.secret, settings.host_name,
                                  uid, WallNow());
  if (const auto* refusal = std::get_if<IdentityRefusal>(&admitted))
    co_return Refused(known == nullptr ? RefusalOf(*refusal) : RefusalOf(*refusal, *known));
  Identification identified;
  identified.identity = std::get<identity::Identity>(std::move(admitted));
  identified.credentials = known->credentials;
  co_return identified;
}

http::Task<Identification> IdentifyByOsUser(Inquiries& inquiries, http::Strand& strand, uid_t uid) {
  const auto finding = co_await inquiries.FindOsUser(strand, uid);
  if (finding.no_answer) co_return Refused(*finding.no_answer, inquiries);
  if (finding.found == nullptr) co_return Refused(RefusalOf(IdentityRefusal::kUnknownOsUser));
  Identification identified;
  identified.identity.principal = finding.found->principal;
  identified.credentials = finding.found->credentials;
  co_return identified;
}

}  // namespace

Identification IdentifyByFiles(const Settings& settings, const http::Head& head, const Caller& caller) {
  const identity::IdentityRules rules{settings.config.identity_mode, settings.keys, settings.config.os_users,
                                      settings.host_name};
  auto identified = identity::Identify(rules, KeyHeadersOf(head), UidOf(caller), WallNow());
  if (const auto* refusal = std::get_if<IdentityRefusal>(&identified)) return Refused(RefusalOf(*refusal));
  return {.identity = std::get<identity::Identity>(std::move(identified))};
}

http::Task<Identification> IdentifyByCollector(Inquiries& inquiries, http::Strand& strand,
                                               const Settings& settings, const http::Head& head,
                                               const Caller& caller) {
  if (const auto freeze = inquiries.membership().freeze()) co_return Refused(FreezeRefusal(*freeze));
  const identity::Mode mode = settings.config.identity_mode;
  const identity::ShownKey shown = identity::ReadKey(KeyHeadersOf(head), mode);
  const auto uid = UidOf(caller);
  if (const auto* refusal = std::get_if<IdentityRefusal>(&shown)) co_return Refused(RefusalOf(*refusal));
  if (const auto* key = std::get_if<tokens::Token>(&shown))
    co_return co_await IdentifyByKey(inquiries, strand, settings, *key, uid);
  if (mode != identity::Mode::kOsUser || !uid) co_return Refused(RefusalOf(IdentityRefusal::kNoKey));
  co_return co_await IdentifyByOsUser(inquiries, strand, *uid);
}

}  // namespace postern::gate
