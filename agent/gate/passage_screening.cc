// The part of the way where secrets are taken out of the request, or keep it from leaving, and the answer is
// made ready to be screened.
#include <utility>

#include "agent/gate/forwarding.h"
#include "agent/gate/passage.h"
#include "agent/gate/secret_events.h"
#include "agent/gate/secret_sentences.h"
#include "agent/gate/sentences.h"
#include "shared/base/log.h"

namespace postern::gate {
namespace {

using Outcome = screening::Screened::Outcome;

constexpr const char* kHidden = "REDACTED";

}  // namespace

policy::SecretOrders Passage::SecretOrders() const {
  policy::Facts who;
  who.team = facts_.identity.principal.team;
  who.user = facts_.identity.principal.user;
  who.key = facts_.identity.key ? std::string_view(facts_.identity.key->value) : std::string_view();
  return policy_->rules->SecretOrdersFor(who);
}

screening::Request Passage::ScreeningRequest() {
  screening::Request request{.body = exchange_.body().view()};
  if (policy_ != nullptr) {
    request.policy = policy_->rules;
    request.orders = SecretOrders();
    request.policy_version = policy_->version;
  }
  request.session = Owner() + '\n' + SessionOf(facts_);
  request.conversation = facts_.client.agent_id;
  return request;
}

http::Task<std::optional<Refusal>> Passage::ScreenBody() {
  if (gate_.screening_ == nullptr) co_return std::nullopt;
  const screening::Request request = ScreeningRequest();
  screening::Request asked = request;
  asked.pieces = std::move(pieces_);
  auto screened = co_await gate_.screening_->Screen(exchange_.strand(), std::move(asked));
  if (exchange_.strand().cancelled()) co_return std::nullopt;
  if (!screened) co_return NoSecretRulesRefusal();
  auto refusal = ScreenHead(request);
  if (!refusal) refusal = TakeScreened(*std::move(screened));
  co_return refusal;
}

// Rules are ready, since the body was looked at.
std::optional<Refusal> Passage::ScreenHead(const screening::Request& request) {
  const http::Head& head = exchange_.head();
  places_ = HeadersThatGoOn(head);
  std::vector<screening::HeadPart> parts;
  parts.reserve(1 + places_.size());
  parts.push_back({"", head.target});
  for (const size_t place : places_) parts.push_back({head.headers[place].name, head.headers[place].value});
  auto screened = gate_.screening_->ScreenHead(request, parts, caller_.clean_head);
  if (!screened) return NoSecretRulesRefusal();
  if (!screened->found.empty()) HideNames();
  if (!RecordSecrets(screened->found)) return RecordRefusal();
  switch (screened->outcome) {
    case Outcome::kClean: return std::nullopt;
    case Outcome::kRedacted: TakeHead(*std::move(screened)); return std::nullopt;
    case Outcome::kBlocked:
      return SecretBlockedRefusal(screened->found[screened->blocked_by], facts_.ruling.policy_version);
    case Outcome::kNoMemory: return NoSecretMemoryRefusal();
    default: return SecretsTooMuchRefusal();
  }
}

void Passage::TakeHead(screening::ScreenedHead screened) {
  head_values_ = std::move(screened.values);
  http::Head& head = edited_head_.emplace(exchange_.head());
  head.target = head_values_[0];
  for (size_t i = 0; i < places_.size(); ++i) head.headers[places_[i]].value = head_values_[i + 1];
}

// What the client calls things may be anything, and stands in events.
std::vector<std::string> Passage::HideNames() {
  std::vector<std::string> hidden;
  if (gate_.screening_ == nullptr) return hidden;
  for (std::string* name :
       {&facts_.request.model, &facts_.request.session_id, &facts_.client.session_id, &facts_.client.agent_id,
        &facts_.client.parent_agent_id, &facts_.client.user_agent}) {
    if (!name->empty() && gate_.screening_->IsSecret(*name)) hidden.push_back(std::exchange(*name, kHidden));
  }
  return hidden;
}

Refusal Passage::Unnamed(Refusal refusal) {
  for (const std::string& name : HideNames()) {
    for (size_t at = 0; (at = refusal.sentence.find(name, at)) != std::string::npos;)
      refusal.sentence.replace(at, name.size(), kHidden);
  }
  return refusal;
}

std::optional<Refusal> Passage::TakeScreened(screening::Screened screened) {
  if (!screened.found.empty()) HideNames();
  // What was found must be in the record before anything leaves.
  if (!RecordSecrets(screened.found)) return RecordRefusal();
  switch (screened.outcome) {
    case Outcome::kClean: return std::nullopt;
    case Outcome::kRedacted: break;
    case Outcome::kBlocked:
      return SecretBlockedRefusal(screened.found[screened.blocked_by], facts_.ruling.policy_version);
    case Outcome::kUnreadable: return SecretsUnreadableRefusal();
    case Outcome::kTooMuch: return SecretsTooMuchRefusal();
    case Outcome::kNoMemory: return NoSecretMemoryRefusal();
  }
  http::Buffer& body = exchange_.body();
  body.Clear();
  body.Reserve(screened.body.size());
  body.Append(screened.body);
  // Whoever edits it after this finds everything where it stands now, and who tells of its tools and its
  // session tells what leaves.
  auto facts = dialect::ReadMessagesRequest(body.view(), gate_.json_);
  if (!facts) return Refusal{Reason::kMalformedBody, facts.error().message};
  facts_.request.places = std::move(facts->places);
  facts_.request.tools = std::move(facts->tools);
  facts_.request.session_id = std::move(facts->session_id);
  return std::nullopt;
}

// Those that stood there in the conversation's last request, too, are in the record already.
Status Passage::RecordSecrets(const std::vector<screening::Found>& all) {
  for (const screening::Found& found : all) {
    if (found.known) continue;
    const auto ticket = gate_.recorder_.Append(SecretFoundEvent(facts_, caller_, found));
    if (!ticket) return ticket.error();
  }
  return Ok{};
}

// Errors pass as they are, and so does what counts tokens: it has no text.
void Passage::ScreenAnswer(const http::Head& answer) {
  if (gate_.screening_ == nullptr || policy_ == nullptr || facts_.call != wire::CALL_MESSAGES ||
      answer.status / 100 != 2)
    return;
  const bool is_stream = answer.Find("content-type").value_or("").starts_with("text/event-stream");
  relay_->Use(gate_.screening_->ForAnswer(
      {.policy = policy_->rules, .orders = SecretOrders(), .session = Owner() + '\n' + SessionOf(facts_)},
      is_stream ? screening::AnswerScreen::Form::kEvents : screening::AnswerScreen::Form::kObject,
      gate_.json_));
}

// They have been dealt with: one that can't be recorded changes nothing about that.
void Passage::RecordAnswerSecrets() {
  if (!relay_ || relay_->screen() == nullptr) return;
  screening::AnswerScreen& screen = *relay_->screen();
  screen.Abandon();  // of an answer that was whole nothing is left
  const std::vector<screening::Found> all = screen.TakeFound();
  gate_.screening_->CountAnswer(all, screen.restored());
  outcome_.set_restored_secrets(static_cast<uint32_t>(screen.restored()));
  for (const screening::Found& found : all) {
    wire::Event event = SecretFoundEvent(facts_, caller_, found);
    event.mutable_secret_found()->set_in_answer(true);
    if (!gate_.recorder_.Append(std::move(event)))
      LOG_LIMITED(std::chrono::seconds(10), Level::kError, "a secret in an answer could not be recorded",
                  {{"exchange", id_text_}});
  }
}

}  // namespace postern::gate
