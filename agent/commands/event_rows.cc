#include "agent/commands/event_rows.h"

#include <array>
#include <string_view>
#include <utility>

#include "shared/base/clock.h"

namespace postern::commands {
namespace {

struct Column {
  const char* name;
  size_t width;
  bool to_the_right;
};

constexpr std::array<Column, 9> kColumns{{{"TIME (UTC)", 19, false},
                                          {"USER", 16, false},
                                          {"MODEL", 28, false},
                                          {"STATUS", 6, true},
                                          {"IN", 8, true},
                                          {"CACHE", 9, true},
                                          {"OUT", 8, true},
                                          {"COST", 11, true},
                                          {"TIME", 8, true}}};

using Cells = std::array<std::string, kColumns.size()>;

// What a client sent may hold control characters; a terminal would obey them.
std::string Harmless(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

std::string Join(const Cells& cells, std::string_view ending) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string text = Harmless(cells[i]);
    const std::string padding(text.size() < kColumns[i].width ? kColumns[i].width - text.size() : 0, ' ');
    row += kColumns[i].to_the_right ? padding + text : text + padding;
    row += "  ";
  }
  return row + Harmless(ending);
}

std::string Time(const wire::Event& event) {
  std::string text = FormatRfc3339(WallTime(std::chrono::nanoseconds(event.wall_time()))).substr(0, 19);
  text[10] = ' ';
  return text;
}

std::string User(const wire::Principal& principal, const wire::OsUser& os_user) {
  if (!principal.user().empty()) return principal.user();
  if (!principal.key_id().empty()) return principal.key_id();
  return os_user.known() ? (os_user.name().empty() ? "uid " + std::to_string(os_user.uid()) : os_user.name())
                         : "-";
}

// "850ms", "12.3s", "4m07s".
std::string Duration(uint64_t nanoseconds) {
  const uint64_t milliseconds = nanoseconds / 1'000'000;
  if (milliseconds < 1000) return std::to_string(milliseconds) + "ms";
  if (milliseconds < 60'000)
    return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds / 100 % 10) + "s";
  const std::string seconds = std::to_string(milliseconds / 1000 % 60);
  return std::to_string(milliseconds / 60'000) + "m" + (seconds.size() < 2 ? "0" : "") + seconds + "s";
}

Cells Begin(const wire::Event& event, const wire::Intent& intent) {
  Cells cells;
  cells[0] = Time(event);
  cells[1] = User(intent.principal(), intent.os_user());
  cells[2] = intent.call() == wire::CALL_MESSAGES || intent.model().empty() == false
                 ? intent.model()
                 : wire::CallName(intent.call());
  return cells;
}

void End(const wire::Outcome& outcome, Cells& cells) {
  if (cells[2].empty()) cells[2] = outcome.upstream_model();
  cells[3] = outcome.status() == 0 ? "-" : std::to_string(outcome.status());
  const wire::Usage& usage = outcome.usage();
  if (outcome.has_usage()) {
    cells[4] = std::to_string(usage.input());
    cells[5] = std::to_string(usage.cache_read() + usage.cache_write_5m() + usage.cache_write_1h());
    cells[6] = std::to_string(usage.output());
    cells[7] = FormatCost(outcome.cost_nano_dollars(), outcome.estimated());
  }
  if (outcome.total_ns() != 0) cells[8] = Duration(outcome.total_ns());
}

std::string Note(const wire::Event& event, const std::string& what) {
  Cells cells;
  cells[0] = Time(event);
  return cells[0] + "  " + Harmless(what);
}

std::string RefusalRow(const wire::Event& event) {
  const wire::Refusal& refusal = event.refusal();
  Cells cells;
  cells[0] = Time(event);
  cells[1] = User(refusal.principal(), refusal.os_user());
  cells[2] = refusal.model();
  cells[3] = std::to_string(refusal.status());
  const std::string times = refusal.times() > 1 ? " (" + std::to_string(refusal.times()) + " times)" : "";
  return Join(cells, "refused: " + refusal.reason() + times);
}

std::string SecretRow(const wire::Event& event) {
  const wire::SecretFound& found = event.secret_found();
  Cells cells;
  cells[0] = Time(event);
  cells[1] = User(found.principal(), found.os_user());
  cells[2] = found.model();
  const std::string place = found.tool().empty() ? found.part() : found.part() + " of " + found.tool();
  const std::string times = found.times() > 1 ? " (" + std::to_string(found.times()) + " times)" : "";
  const char* done = found.action() == wire::SECRET_ACTION_REDACT  ? "taken out of "
                     : found.action() == wire::SECRET_ACTION_BLOCK ? "kept back in "
                                                                   : "let through in ";
  return Join(cells, "secret " + (done + place) + ": " + found.rule() + times);
}

std::string GapNote(const wire::Event& event) {
  const wire::Gap& gap = event.gap();
  return Note(event, "-- gap (" + gap.reason() + "): not recorded are " + std::to_string(gap.intents()) +
                         " requests, " + std::to_string(gap.outcomes()) + " outcomes, " +
                         std::to_string(gap.refusals()) + " refusals");
}

std::string PolicyNote(const wire::Event& event) {
  const wire::PolicyChange& change = event.policy_change();
  const std::string version = "version " + std::to_string(change.version());
  if (change.outcome() != "taken")
    return Note(event, "-- a policy was refused (" + version + "): " + change.sentence());
  return Note(event, "-- the policy is " + version +
                         (change.former_version() == 0
                              ? ""
                              : ", it was version " + std::to_string(change.former_version())));
}

}  // namespace

std::string FormatCost(int64_t nano_dollars, bool estimated) {
  const std::string prefix = estimated ? "~" : "";
  if (nano_dollars > 0 && nano_dollars < 100'000) return prefix + "<$0.0001";
  const int64_t units = nano_dollars / 100'000 + (nano_dollars % 100'000 >= 50'000 ? 1 : 0);
  std::string fraction = std::to_string(units % 10'000);
  fraction.insert(0, 4 - fraction.size(), '0');
  return prefix + "$" + std::to_string(units / 10'000) + "." + fraction;
}

std::string EventRows::Header() {
  Cells cells;
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = kColumns[i].name;
  return Join(cells, "ENDED");
}

std::string EventRows::Add(const wire::Event& event) {
  switch (event.body_case()) {
    case wire::Event::kIntent:
      if (const auto id = wire::ParseExchange(event.intent().exchange())) open_[*id] = event;
      return "";
    case wire::Event::kOutcome: {
      const auto id = wire::ParseExchange(event.outcome().exchange());
      const auto found = id ? open_.find(*id) : open_.end();
      Cells cells = found == open_.end() ? Begin(event, {}) : Begin(found->second, found->second.intent());
      if (found != open_.end()) open_.erase(found);
      End(event.outcome(), cells);
      const std::string& error = event.outcome().error_type();
      return Join(cells, wire::EndingName(event.outcome().ending()) + (error.empty() ? "" : ": " + error));
    }
    case wire::Event::kRefusal: return RefusalRow(event);
    case wire::Event::kStart:
      return Note(event, "-- the agent started" + (event.start().agent_version().empty()
                                                       ? ""
                                                       : " (version " + event.start().agent_version() + ")"));
    case wire::Event::kStop: return Note(event, "-- the agent stopped: " + event.stop().reason());
    case wire::Event::kGap: return GapNote(event);
    case wire::Event::kKeyFirstUsed:
      return Note(event, "-- key " + event.key_first_used().key_id() + " was used for the first time");
    case wire::Event::kSecretFound: return SecretRow(event);
    case wire::Event::kPolicyChange: return PolicyNote(event);
    case wire::Event::kAdministration:
    case wire::Event::kEnrolment:
    case wire::Event::kAlarm:
    case wire::Event::kCollectorStart:
      return Note(event, std::string("-- an event of a collector: ") + wire::KindName(event));
    case wire::Event::BODY_NOT_SET: break;
  }
  return Note(event, "-- an event of a later version");
}

std::vector<std::string> EventRows::Open() const {
  std::vector<std::string> rows;
  for (const auto& [id, event] : open_) rows.push_back(Join(Begin(event, event.intent()), "open"));
  return rows;
}

}  // namespace postern::commands
