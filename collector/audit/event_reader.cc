#include "collector/audit/event_reader.h"

#include <algorithm>
#include <charconv>

#include "shared/wire/event.h"

namespace postern::audit {
namespace {

using store::StoredEvent;

// An exchange's id holds the time at which it began, by the clock that its events have as well. Between the
// two a request's body is read.
constexpr auto kBefore = std::chrono::seconds(2);
constexpr auto kAfter = std::chrono::minutes(15);

WallTime TimeOf(const ExchangeId& exchange) {
  int64_t milliseconds = 0;
  for (size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | exchange.bytes[i];
  return WallTime(std::chrono::milliseconds(milliseconds));
}

std::string_view ExchangeOf(const wire::Event& event) {
  switch (event.body_case()) {
    case wire::Event::kIntent: return event.intent().exchange();
    case wire::Event::kOutcome: return event.outcome().exchange();
    case wire::Event::kRefusal: return event.refusal().exchange();
    default: return {};
  }
}

std::optional<std::string> Filled(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// The outcome's facts are the intent's, and it comes later in the same chain.
store::EventFilter OutcomeOf(const StoredEvent& intent) {
  store::EventFilter filter;
  filter.after = intent.leaf;
  filter.kind = "outcome";
  filter.agent = intent.entry.agent;
  filter.user = Filled(intent.facts.user);
  filter.key = Filled(intent.facts.key);
  filter.session = Filled(intent.facts.session);
  filter.order = store::Order::kOldestFirst;
  return filter;
}

}  // namespace

Result<EventAnswer> EventReader::Query(const EventQuery& query) {
  // Asked for before the search: what comes in the meantime is for the next question.
  const uint64_t size = store_.stats().log_size;
  ASSIGN_OR_RETURN(store::EventPage page, store_.Find(query.filter, query.cursor, query.limit));
  EventAnswer answer;
  answer.events = std::move(page.events);
  answer.next = std::move(page.next);
  answer.last = static_cast<int64_t>(size) - 1;
  if (query.follows) {
    if (query.filter.after) answer.last = std::max(answer.last, static_cast<int64_t>(*query.filter.after));
    const bool all = !answer.next.has_value();
    if (!answer.events.empty()) {
      const auto newest = static_cast<int64_t>(answer.events.back().leaf);
      answer.last = all ? std::max(answer.last, newest) : newest;
    }
  }
  return answer;
}

Result<std::vector<StoredEvent>> EventReader::Show(std::string_view id,
                                                   const std::optional<std::string>& user) {
  if (const auto exchange = ExchangeId::Parse(id)) return ShowExchange(*exchange, user);
  uint64_t leaf = 0;
  const auto [end, problem] = std::from_chars(id.data(), id.data() + id.size(), leaf);
  if (problem != std::errc{} || end != id.data() + id.size())
    return Error{ErrorCode::kInvalid,
                 "an event is named by its place in the log, a number, or by its exchange, \"req_…\""};
  return ShowLeaf(leaf, user);
}

Result<std::vector<StoredEvent>> EventReader::ShowLeaf(uint64_t leaf,
                                                       const std::optional<std::string>& user) {
  const Error missing{ErrorCode::kNotFound, "there is no event at this place in the log"};
  if (leaf >= store_.stats().log_size) return missing;
  ASSIGN_OR_RETURN(std::vector<StoredEvent> events, store_.Events({store::Leaf{leaf}}));
  if (events.empty() || (user && events.front().facts.user != *user)) return missing;
  return events;
}

Result<std::vector<StoredEvent>> EventReader::ShowExchange(const ExchangeId& exchange,
                                                           const std::optional<std::string>& user) {
  store::EventFilter filter;
  filter.user = user;
  filter.from = TimeOf(exchange) - kBefore;
  filter.to = TimeOf(exchange) + kAfter;
  filter.order = store::Order::kOldestFirst;
  for (const char* kind : {"intent", "refusal"}) {
    filter.kind = kind;
    ASSIGN_OR_RETURN(auto first, FindOf(exchange, filter));
    if (!first) continue;
    std::vector<StoredEvent> events{*std::move(first)};
    if (filter.kind == "intent") {
      ASSIGN_OR_RETURN(auto outcome, FindOf(exchange, OutcomeOf(events.front())));
      if (outcome) events.push_back(*std::move(outcome));
    }
    return events;
  }
  return Error{ErrorCode::kNotFound,
               "the record has no such exchange, or its events were removed after their time"};
}

Result<std::optional<StoredEvent>> EventReader::FindOf(const ExchangeId& exchange,
                                                       const store::EventFilter& filter) {
  std::optional<store::Cursor> cursor;
  for (size_t looked_at = 0; looked_at < kMostLookedAt; looked_at += store::Store::kMaxPage) {
    ASSIGN_OR_RETURN(store::EventPage page, store_.Find(filter, cursor, store::Store::kMaxPage));
    for (StoredEvent& stored : page.events) {
      wire::Event event;
      if (event.ParseFromString(stored.bytes) && ExchangeOf(event) == exchange.raw())
        return std::optional(std::move(stored));
    }
    if (!page.next) break;
    cursor = std::move(page.next);
  }
  return std::optional<StoredEvent>();
}

}  // namespace postern::audit
