#include "collector/intake/alarms.h"

#include <optional>

#include "shared/base/log.h"

namespace postern::intake {

wire::Event ToEvent(const Alarm& alarm) {
  wire::Event event;
  event.mutable_alarm()->set_reason(alarm.reason);
  event.mutable_alarm()->set_agent(alarm.agent);
  event.mutable_alarm()->set_sentence(alarm.sentence);
  event.mutable_alarm()->set_incarnation(alarm.incarnation);
  return event;
}

void Alarms::Raise(Alarm alarm, BootTime now) {
  const auto withheld = kinds_.With([&](auto& kinds) -> std::optional<uint64_t> {
    Kind& kind = kinds[{alarm.agent, alarm.reason}];
    if (kind.allowance.Take(now)) return std::exchange(kind.withheld, 0);
    ++kind.withheld;
    return std::nullopt;
  });
  if (!withheld) {
    presence_.counters.withheld_alarms.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (*withheld > 0) alarm.sentence += "; " + std::to_string(*withheld) + " more of this kind before";
  Log(Level::kWarning, alarm.sentence, {{"alarm", alarm.reason}, {"agent", alarm.agent}});
  presence_.counters.alarms.fetch_add(1, std::memory_order_relaxed);
  hand_over_.Put(std::move(alarm));
}

}  // namespace postern::intake
