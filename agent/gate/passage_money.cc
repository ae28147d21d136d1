// The part of the way that is about money: what is reserved before an exchange leaves, how its answer is
// ended where it can't be had, and what it has come to.
#include "agent/gate/passage.h"
#include "agent/membership/limit_terms.h"
#include "shared/base/log.h"

namespace postern::gate {
namespace {

// Of which a head came, and nothing that can be read.
const dialect::AnswerFacts& UnreadAnswer() {
  static const dialect::AnswerFacts kUnread = [] {
    dialect::AnswerFacts facts;
    facts.undecoded = true;
    return facts;
  }();
  return kUnread;
}

// Stands in the answer that was ended, and stays in the session's history; the sentence follows as the error.
constexpr std::string_view kNotice = "[This answer was ended by Postern: its budget is spent.]";

// Whose turn it is: the same in each turn of a conversation, and no other key's.
std::string ConversationOf(const ExchangeFacts& facts) {
  const std::string& session =
      facts.client.session_id.empty() ? facts.request.session_id : facts.client.session_id;
  if (session.empty()) return "";
  const identity::Identity& identity = facts.identity;
  const std::string& who = identity.key ? identity.key->value : identity.principal.user;
  return who + '\n' + session + '\n' + facts.client.agent_id;
}

}  // namespace

// Counting tokens costs nothing and meets no limit.
http::Task<std::optional<Refusal>> Passage::ReserveMoney() {
  if (facts_.call != wire::CALL_MESSAGES || policy_ == nullptr || policy_->limits == nullptr)
    co_return std::nullopt;
  const membership::LimitTerms& terms = *policy_->limits;
  conversation_ = ConversationOf(facts_);
  const membership::Link link =
      gate_.inquiries_ == nullptr ? membership::Link::kAway : gate_.inquiries_->membership().outlook().link;
  const SpendingGrounds grounds{
      .terms = terms,
      .teams = policy_->rules->TeamsOf(facts_.identity.principal.team),
      .provider = settings_->config.upstream.provider,
      .model = price_model_,
      .conversation = conversation_,
      .body = exchange_.body().view(),
      .max_tokens = facts_.ruling.max_tokens > 0 ? facts_.ruling.max_tokens : facts_.request.max_tokens,
      .prices = {*settings_->prices, arrived_},
      .money = {.terms = terms,
                .policy_version = policy_->version,
                .now = arrived_,
                .mode = settings_->config.client.mode,
                .link = link}};
  std::optional<Refusal> refusal = co_await spending_.Reserve(grounds, gate_.json_);
  if (!refusal && spending_.lowered_max_tokens()) refusal = LowerMaxTokens(*spending_.lowered_max_tokens());
  co_return std::move(refusal);
}

// The body may have been edited before, so it is read anew for where things stand in it.
std::optional<Refusal> Passage::LowerMaxTokens(int64_t most) {
  const std::string_view body = exchange_.body().view();
  const auto facts = dialect::ReadMessagesRequest(body, gate_.json_);
  if (!facts) return Refusal{Reason::kMalformedBody, facts.error().message};
  dialect::Splice splice(body, *facts);
  if (const Status lowered = splice.LowerMaxTokens(most); !lowered)
    return Refusal{Reason::kBudgetSpent,
                   "A strict limit of your organisation's has too little left for an "
                   "answer with the thinking that this request asks for."};
  exchange_.body().Shrink(splice.Apply(exchange_.body().bytes()));
  facts_.ruling.max_tokens = most;
  return std::nullopt;
}

// A part of the answer has been sent, and what it might still cost can't be had.
http::Task<void> Passage::EndForMoney() {
  const Refusal& refusal = *spending_.refusal();
  gate_.metrics_.CountRefusal(refusal.reason);
  co_await relay_->End({kNotice, refusal.sentence, id_text_, TypeInStream(refusal.reason)});
}

limits::Amounts Passage::SettleUsage() {
  if (!relay_ && !head_unread_) return SpentOf({}, sent_);
  const dialect::RequestFacts& request = facts_.request;
  const dialect::AnswerFacts& answer = relay_ ? relay_->facts() : UnreadAnswer();
  const pricing::Place place{pricing::Endpoint::kUnsaid, request.speed, request.inference_geo};
  const Settlement settlement =
      SettleAnswer(answer, relay_ ? relay_->status() : 200, facts_.call, price_model_, place,
                   *settings_->prices, arrived_, spending_.ExpectedOf(facts_.body_bytes));
  FillOutcome(outcome_, settlement, answer);
  if (settlement.unread) {
    LOG_LIMITED(std::chrono::seconds(10), Level::kWarning,
                "an answer can't be read, and costs what was reserved for it", {{"exchange", id_text_}});
  }
  if (settlement.billed) {
    gate_.metrics_.CountUsage(settlement.cost.model, settlement.usage, settlement.cost.nano_dollars);
    if (!settlement.estimated) spending_.Learn(settlement.usage, answer.content_bytes);
  }
  return SpentOf(settlement, sent_);
}

}  // namespace postern::gate
