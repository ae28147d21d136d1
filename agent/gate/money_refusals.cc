#include "agent/gate/money_refusals.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "agent/gate/cap_headers.h"
#include "shared/policy/limit_words.h"
#include "shared/policy/message.h"

namespace postern::gate {
namespace {

using limits::Limit;
using limits::Scope;
using limits::Unit;

constexpr std::chrono::seconds kSoon{60};
constexpr std::chrono::seconds kSlotPause{5};  // by then another answer may have ended
constexpr std::chrono::seconds kAnswerPause{2};

std::string_view Whose(Scope scope) {
  switch (scope) {
    case Scope::kOrganisation: return "Your organisation's";
    case Scope::kTeam: return "Your team's";
    case Scope::kUser: return "Your";
    case Scope::kKey:
    case Scope::kKeyProvider:
    case Scope::kKeyModel: return "Your key's";
    case Scope::kProvider: return "Your organisation's";
    case Scope::kModel: return "Your organisation's";
  }
  return "Your";
}

std::string_view OfWhat(Scope scope) {
  if (scope == Scope::kKeyProvider || scope == Scope::kProvider) return " with this provider";
  if (scope == Scope::kKeyModel || scope == Scope::kModel) return " with this model";
  return "";
}

std::string_view Each(limits::Span span) {
  switch (span) {
    case limits::Span::kMinute: return " a minute";
    case limits::Span::kHour: return " an hour";
    case limits::Span::kDay: return " a day";
    case limits::Span::kWeek: return " a week";
    case limits::Span::kMonth: return " a month";
    case limits::Span::kYear: return " a year";
  }
  return "";
}

// With a raise, while it lasts.
std::string AmountText(const Limit& limit, WallTime now) {
  const int64_t units = limit.AmountAt(now).units();
  switch (limit.unit) {
    case Unit::kUsd: return policy::AmountText(wire::LIMIT_UNIT_USD, units);
    case Unit::kTokens: return policy::AmountText(wire::LIMIT_UNIT_TOKENS, units);
    case Unit::kRequests: return policy::AmountText(wire::LIMIT_UNIT_REQUESTS, units);
    case Unit::kConcurrent: break;
  }
  return policy::AmountText(wire::LIMIT_UNIT_REQUESTS, units) + " at once";
}

bool IsBudget(Unit unit) { return unit == Unit::kUsd || unit == Unit::kTokens; }

// The administrator's words, or whom to ask.
std::string Advice(const Limit& limit, const membership::LimitTerms& terms) {
  const auto message = terms.messages.find(limit.id);
  return policy::BehindSentence(message == terms.messages.end() ? "ask your administrator" : message->second);
}

std::chrono::seconds Until(WallTime time, WallTime now) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(time - now), std::chrono::seconds(1));
}

Refusal Waits(Reason reason, std::string sentence, std::chrono::seconds pause) {
  Refusal refusal{reason, std::move(sentence)};
  refusal.headers.push_back({"retry-after", std::to_string(pause.count())});
  return refusal;
}

std::string BeginsAnew(const purse::Decision& decision, const MoneyGrounds& grounds) {
  if (!decision.resets) return "";
  return " It begins anew on " + TimeText(*decision.resets, grounds.terms.table.zone()) + ".";
}

// In gateway mode a final refusal of either kind needs its headers, or the client puts words of its own in
// front.
void ShapeForClient(Refusal& refusal, const Limit& limit, const purse::Decision& decision,
                    const MoneyGrounds& grounds) {
  const bool is_gateway = grounds.mode == agent::ClientConfig::Mode::kGateway;
  if (is_gateway) {
    refusal.status = 429;
    for (OwnedHeader& header : BlockHeaders(limit, decision.resets))
      refusal.headers.push_back(std::move(header));
  }
  if (decision.resets && StatusOf(refusal) == 429)
    refusal.headers.push_back({"retry-after", std::to_string(Until(*decision.resets, grounds.now).count())});
}

Refusal Exhausted(const Limit& limit, const purse::Decision& decision, const MoneyGrounds& grounds) {
  if (limit.unit == Unit::kConcurrent) {
    return Waits(Reason::kSlotsInUse,
                 Title(limit, grounds.now) + " is reached; this one is tried again in a moment.", kSlotPause);
  }
  if (decision.resets && *decision.resets - grounds.now <= kSoon) {
    const auto pause = Until(*decision.resets, grounds.now);
    return Waits(
        Reason::kRateLimit,
        Title(limit, grounds.now) + " is reached; it goes on in " + std::to_string(pause.count()) + " s.",
        pause);
  }
  const bool is_budget = IsBudget(limit.unit);
  Refusal refusal{is_budget ? Reason::kBudgetSpent : Reason::kLongRateLimit,
                  Title(limit, grounds.now) +
                      (is_budget ? " has too little left for this request." : " is reached.") +
                      BeginsAnew(decision, grounds) + Advice(limit, grounds.terms)};
  ShapeForClient(refusal, limit, decision, grounds);
  return refusal;
}

Refusal Unavailable(const MoneyGrounds& grounds) {
  if (grounds.link == membership::Link::kWelcomed) {
    return Waits(Reason::kNoGrantInTime,
                 "The collector gave this host no answer about your organisation's limits in time; this "
                 "request is tried again.",
                 kAnswerPause);
  }
  return {Reason::kOfflineSpent,
          "What this host holds of your organisation's budgets doesn't suffice for this request, and the "
          "collector that gives more can't be reached now. It goes on when the connection is back; tell your "
          "administrator (postern-agent status shows the connection)."};
}

}  // namespace

std::string Title(const Limit& limit, WallTime now) {
  std::string title(Whose(limit.scope));
  title += IsBudget(limit.unit) ? " budget" : " limit";
  title += " \"" + limit.id + "\" of " + AmountText(limit, now);
  if (limit.unit != Unit::kConcurrent) title += Each(limit.span);
  title += OfWhat(limit.scope);
  return title;
}

std::string TimeText(WallTime time, const wire::TimeZone& zone) {
  int32_t offset = zone.offset();
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  for (const wire::ZoneChange& change : zone.changes()) {
    if (change.at() <= seconds) offset = change.offset();
  }
  const std::chrono::sys_seconds local{std::chrono::seconds(seconds + offset)};
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(local - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return std::string(text.data()) + " (" + (zone.name().empty() ? "UTC" : zone.name()) + ")";
}

Refusal MoneyRefusal(const purse::Decision& decision, const MoneyGrounds& grounds) {
  if (decision.verdict == purse::Verdict::kUnrecorded) {
    return {Reason::kRecordFull,
            "This host's audit record can't take more entries now, and nothing may be spent unrecorded; tell "
            "your administrator (postern-agent status shows why)."};
  }
  if (decision.verdict == purse::Verdict::kUnavailable) return Unavailable(grounds);
  const Limit* const limit = grounds.terms.table.Find(limits::LimitOf(decision.account));
  Refusal refusal = limit == nullptr ? Refusal{Reason::kBudgetSpent,
                                               "A limit of your organisation's has too little left for this "
                                               "request. Ask your administrator."}
                                     : Exhausted(*limit, decision, grounds);
  refusal.rule = "limits." + std::string(limits::LimitOf(decision.account));
  refusal.policy_version = grounds.policy_version;
  refusal.account = decision.account;
  refusal.resets = decision.resets;
  return refusal;
}

Refusal CutRefusal(const purse::Decision& decision, const MoneyGrounds& grounds) {
  Refusal refusal = MoneyRefusal(decision, grounds);
  // What makes a client wait before it has asked means nothing in the middle of an answer.
  if (refusal.reason == Reason::kNoGrantInTime) refusal.reason = Reason::kOfflineSpent;
  if (refusal.reason == Reason::kRateLimit) refusal.reason = Reason::kBudgetSpent;
  refusal.headers.clear();
  const Limit* const limit = grounds.terms.table.Find(limits::LimitOf(decision.account));
  if (decision.verdict == purse::Verdict::kUnavailable) {
    refusal.sentence =
        "This answer was ended: what this host holds of your organisation's budgets is used up, and the "
        "collector that gives more can't be reached or didn't answer in time.";
  } else if (limit != nullptr) {
    refusal.sentence = "This answer was ended: " + Title(*limit, grounds.now) + " is spent." +
                       BeginsAnew(decision, grounds) + Advice(*limit, grounds.terms);
  }
  return refusal;
}

Refusal UnboundedRefusal(const Limit& limit, std::string_view why, const MoneyGrounds& grounds) {
  Refusal refusal{Reason::kUnboundedCost, std::string(why) + ": " + Title(limit, grounds.now) +
                                              " refuses it." + Advice(limit, grounds.terms)};
  refusal.rule = "limits." + limit.id;
  refusal.policy_version = grounds.policy_version;
  return refusal;
}

Refusal LossRefusal(purse::Loss loss) {
  if (loss == purse::Loss::kSlot) {
    return {Reason::kSlotLost,
            "This answer was ended: a limit on requests at once is in force, and the collector that keeps "
            "count of them hasn't been heard for too long; tell your administrator (postern-agent status "
            "shows the connection)."};
  }
  return {Reason::kIncarnationLost,
          "This answer was ended: the collector has let this host's record begin anew, and what was reserved "
          "for the answer counts no longer. Try again."};
}

}  // namespace postern::gate
