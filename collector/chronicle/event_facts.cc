#include "collector/chronicle/event_facts.h"

namespace postern::chronicle {

store::EventFacts FactsOf(const wire::Event& event) {
  store::EventFacts facts;
  facts.time = WallTime(std::chrono::nanoseconds(event.wall_time()));
  facts.kind = wire::KindName(event);
  if (event.has_administration()) {
    const wire::Administration& call = event.administration();
    facts.decision = call.outcome() == "done" ? store::Decision::kAllowed : store::Decision::kRefused;
    if (call.target_kind() == "key") facts.key = call.target();
  }
  if (event.has_enrolment()) facts.host = event.enrolment().host();
  if (event.has_collector_start()) facts.host = event.collector_start().host();
  return facts;
}

}  // namespace postern::chronicle
