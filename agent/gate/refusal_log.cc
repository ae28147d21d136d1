#include "agent/gate/refusal_log.h"

#include <algorithm>
#include <utility>

namespace postern::gate {
namespace {

// Texts can't hold a line feed: reasons, rules and key ids are ours, a model's name is made plain.
std::string KindOf(const wire::Refusal& refusal) {
  return refusal.reason() + '\n' + refusal.rule() + '\n' + refusal.principal().key_id() + '\n' +
         (refusal.os_user().known() ? std::to_string(refusal.os_user().uid()) : "") + '\n' +
         std::to_string(refusal.call()) + '\n' + refusal.model();
}

bool IsSpecific(const std::string& kind) { return kind.find('\n') != std::string::npos; }

void Count(std::optional<wire::Event>& counted, wire::Event event, WallTime wall_now) {
  const int64_t now = wall_now.time_since_epoch().count();
  wire::Refusal& latest = *event.mutable_refusal();
  latest.set_times(counted ? counted->refusal().times() + 1 : 1);
  latest.set_first_wall_time(counted ? counted->refusal().first_wall_time() : now);
  latest.set_last_wall_time(now);
  counted = std::move(event);
}

wire::Event Told(wire::Event counted) {
  if (counted.refusal().times() > 1) return counted;
  wire::Refusal& one = *counted.mutable_refusal();
  counted.set_wall_time(one.last_wall_time());
  one.clear_times();
  one.clear_first_wall_time();
  one.clear_last_wall_time();
  return counted;
}

}  // namespace

std::optional<wire::Event> RefusalLog::Take(wire::Event event, BootTime now, WallTime wall_now) {
  std::string name = KindOf(event.refusal());
  auto found = kinds_.find(name);
  if (found == kinds_.end() && specific_ == kMostKinds) {
    name = event.refusal().reason();
    found = kinds_.find(name);
  }
  if (found != kinds_.end()) {
    Count(found->second.counted, std::move(event), wall_now);
    return std::nullopt;
  }
  if (IsSpecific(name)) ++specific_;
  kinds_.emplace(std::move(name), Kind{.due = now + kFirstPause});
  return event;
}

std::optional<BootTime> RefusalLog::next_due() const {
  std::optional<BootTime> due;
  for (const auto& [name, kind] : kinds_) due = std::min(due.value_or(kind.due), kind.due);
  return due;
}

std::vector<wire::Event> RefusalLog::TakeDue(BootTime now) {
  std::vector<wire::Event> events;
  for (auto entry = kinds_.begin(); entry != kinds_.end();) {
    Kind& kind = entry->second;
    if (kind.due > now) {
      ++entry;
    } else if (kind.counted) {
      events.push_back(Told(*std::exchange(kind.counted, std::nullopt)));
      kind.pause = std::min(kind.pause * 2, kLongestPause);
      kind.due = now + kind.pause;
      ++entry;
    } else {
      if (IsSpecific(entry->first)) --specific_;
      entry = kinds_.erase(entry);
    }
  }
  return events;
}

std::vector<wire::Event> RefusalLog::TakeAll() {
  std::vector<wire::Event> events;
  for (auto& [name, kind] : kinds_) {
    if (kind.counted) events.push_back(Told(*std::exchange(kind.counted, std::nullopt)));
  }
  return events;
}

}  // namespace postern::gate
