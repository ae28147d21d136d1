// The part of the way where secrets are taken out of the request, or keep it from leaving.
#include "agent/gate/passage.h"
#include "agent/gate/secret_events.h"
#include "agent/gate/secret_sentences.h"
#include "agent/gate/sentences.h"

namespace postern::gate {
namespace {

using Outcome = screening::Screened::Outcome;

// Sessions are the client's word: one person's is never another's.
std::string OwnerOf(const identity::Identity& identity, const Caller& caller) {
  std::string owner = identity.key ? identity.key->value : "";
  owner += '\n' + identity.principal.user + '\n';
  if (caller.os_user) owner += std::to_string(caller.os_user->uid);
  return owner;
}

}  // namespace

http::Task<std::optional<Refusal>> Passage::ScreenBody() {
  if (gate_.screening_ == nullptr) co_return std::nullopt;
  screening::Request request{.body = exchange_.body().view()};
  if (policy_ != nullptr) {
    policy::Facts who;
    who.team = facts_.identity.principal.team;
    who.user = facts_.identity.principal.user;
    who.key = facts_.identity.key ? std::string_view(facts_.identity.key->value) : std::string_view();
    request.policy = policy_->rules;
    request.orders = policy_->rules->SecretOrdersFor(who);
    request.policy_version = policy_->version;
  }
  request.session = OwnerOf(facts_.identity, caller_) + '\n' + SessionOf(facts_);
  request.conversation = facts_.client.agent_id;
  auto screened = co_await gate_.screening_->Screen(exchange_.strand(), std::move(request));
  if (exchange_.strand().cancelled()) co_return std::nullopt;
  if (!screened) co_return NoSecretRulesRefusal();
  co_return TakeScreened(*std::move(screened));
}

std::optional<Refusal> Passage::TakeScreened(screening::Screened screened) {
  // What was found must be in the record before anything leaves.
  if (!RecordSecrets(screened)) return RecordRefusal();
  switch (screened.outcome) {
    case Outcome::kClean: return std::nullopt;
    case Outcome::kRedacted: break;
    case Outcome::kBlocked:
      return SecretBlockedRefusal(screened.found[screened.blocked_by], facts_.ruling.policy_version);
    case Outcome::kUnreadable: return SecretsUnreadableRefusal();
    case Outcome::kTooMuch:
    case Outcome::kNoMemory: return SecretsTooMuchRefusal();
  }
  http::Buffer& body = exchange_.body();
  body.Clear();
  body.Reserve(screened.body.size());
  body.Append(screened.body);
  // Whoever edits it after this finds everything where it stands now.
  auto facts = dialect::ReadMessagesRequest(body.view(), gate_.json_);
  if (!facts) return Refusal{Reason::kMalformedBody, facts.error().message};
  facts_.request.places = std::move(facts->places);
  return std::nullopt;
}

// Those that stood there in the conversation's last request, too, are in the record already.
Status Passage::RecordSecrets(const screening::Screened& screened) {
  for (const screening::Found& found : screened.found) {
    if (found.known) continue;
    const auto ticket = gate_.recorder_.Append(SecretFoundEvent(facts_, caller_, found));
    if (!ticket) return ticket.error();
  }
  return Ok{};
}

}  // namespace postern::gate
