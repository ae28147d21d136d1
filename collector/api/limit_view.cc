#include "collector/api/limit_view.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "shared/base/hex.h"
#include "shared/policy/limit_words.h"

namespace postern::api {
namespace {

const char* PerOf(const wire::PolicyLimit& limit) {
  constexpr const char* kSpans[] = {"minute", "hour", "day", "week", "month", "year"};
  if (limit.unit() == wire::LIMIT_UNIT_CONCURRENT) return "";
  return kSpans[static_cast<size_t>(limit.span()) % std::size(kSpans)];
}

template <class Own, class Wire>
const char* NameOf(Wire value) {
  return limits::Name(static_cast<Own>(value));
}

void WriteRaise(const wire::PolicyLimit& limit, WallTime now, json::Writer& out) {
  const WallTime until{std::chrono::seconds(limit.raise_until())};
  if (limit.raise_until() == 0 || until <= now) {
    out.Null("raise");
    return;
  }
  out.BeginObject("raise").Integer("by", limit.raise()).Text("until", FormatRfc3339(until)).EndObject();
}

// Null for what is leased, which has none.
void WriteWindow(const limits::Window& window, json::Writer& out) {
  if (window == limits::kAlways) {
    out.Null("begins").Null("resets");
    return;
  }
  out.Text("begins", FormatRfc3339(window.begin)).Text("resets", FormatRfc3339(window.end));
}

Amount HeldOf(const limits::Counters& counters) { return counters.held() - counters.used; }

void WriteSums(const ledger::Statement& statement, json::Writer& out) {
  Amount held;
  for (const auto& [holder, counters] : statement.holders)
    held = Amount::SaturatingAdd(held, HeldOf(counters));
  WriteWindow(statement.window, out);
  out.Integer("amount", statement.amount.units()).Integer("spent", statement.spent.units());
  out.Integer("held", held.units()).Integer("unreported", statement.unreported.units());
  out.Integer("left", statement.left.units());
  out.Integer("passed", MarkOf(statement.spent, statement.amount));
}

void WriteHolders(const ledger::Statement& statement, const ViewOf& view_of, json::Writer& out) {
  for (const auto& [holder, counters] : statement.holders) {
    const HolderView view = view_of(holder);
    out.BeginObject().Text("agent", holder.agent).Text("host", view.host);
    out.Text("incarnation", std::to_string(holder.incarnation)).Text("state", view.state);
    out.Integer("spent", counters.used.units()).Integer("held", HeldOf(counters).units()).EndObject();
  }
}

}  // namespace

int MarkOf(Amount spent, Amount amount) {
  int passed = 0;
  for (const int mark : kMarks) {
    // Both are below 2^63: in hundredths they aren't.
    const auto part = static_cast<unsigned __int128>(spent.units()) * 100;
    if (spent > Amount() &&
        part >= static_cast<unsigned __int128>(amount.units()) * static_cast<unsigned>(mark))
      passed = mark;
  }
  return passed;
}

ledger::Statement SinceReset(ledger::Statement statement, const limits::Limit& limit, WallTime now) {
  const Amount forgiven = std::min(statement.amount - limit.AmountAt(now), statement.spent);
  if (forgiven <= Amount()) return statement;
  statement.amount -= forgiven;
  statement.spent -= forgiven;
  return statement;
}

ledger::Statement UntouchedStatement(const limits::Limit& limit, const limits::Table& table,
                                     const std::string& account, WallTime now) {
  const Amount amount = limit.AmountAt(now);
  // A rolling window begins with what is granted first.
  const limits::Window window =
      limit.frame == limits::Frame::kRolling && limit.unit != limits::Unit::kConcurrent
          ? limits::kAlways
          : table.WindowOf(limit, now);
  return {.account = account,
          .window = window,
          .amount = amount,
          .spent = {},
          .unreported = {},
          .left = amount,
          .holders = {}};
}

void WriteFields(const wire::PolicyLimit& limit, const wire::TimeZone& zone, WallTime now,
                 json::Writer& out) {
  out.Text("id", limit.id()).Text("scope", NameOf<limits::Scope>(limit.scope()));
  out.Text("subject", limit.subject()).Text("within", limit.within());
  out.Text("unit", NameOf<limits::Unit>(limit.unit())).Integer("amount", limit.amount());
  out.Text("per", PerOf(limit)).Boolean("rolling", limit.rolling());
  out.Text("admission", limit.strict() ? "strict" : "estimated");
  WriteRaise(limit, now, out);
  out.Text("message", limit.message()).Text("whom", policy::WhomText(limit));
  out.Text("text", policy::LimitText(limit, zone, now));
}

void Write(const AccountView& account, const ViewOf& view_of, json::Writer& out) {
  out.BeginObject().Text("account", account.statement.account);
  WriteSums(account.statement, out);
  out.BeginList("holders");
  if (account.shows_holders) WriteHolders(account.statement, view_of, out);
  out.EndList().EndObject();
}

void Write(const policies::MetLimit& met, const ledger::Statement* statement, const wire::TimeZone& zone,
           WallTime now, json::Writer& out) {
  out.BeginObject().Text("limit", met.limit.id()).Text("account", met.account);
  out.Text("unit", NameOf<limits::Unit>(met.limit.unit())).Text("whom", policy::WhomText(met.limit));
  out.Text("text", policy::LimitText(met.limit, zone, now)).Text("message", met.limit.message());
  if (statement == nullptr) out.Null("standing");
  else {
    out.BeginObject("standing");
    WriteSums(*statement, out);
    out.EndObject();
  }
  out.EndObject();
}

}  // namespace postern::api
