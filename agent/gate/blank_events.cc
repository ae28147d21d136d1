#include "agent/gate/blank_events.h"

#include <utility>

namespace postern::gate {
namespace {

// Clear() keeps the memory of texts and lists, and gives back that of parts: so these are cleared by
// themselves.
void Empty(wire::Intent& intent) {
  wire::Principal* const principal = intent.release_principal();
  wire::OsUser* const os_user = intent.release_os_user();
  intent.Clear();
  intent.set_allocated_principal(principal);
  intent.set_allocated_os_user(os_user);
  intent.mutable_principal()->Clear();
  intent.mutable_os_user()->Clear();
}

wire::Event TakeLast(std::vector<wire::Event>& events) {
  if (events.empty()) return {};
  wire::Event event = std::move(events.back());
  events.pop_back();
  return event;
}

}  // namespace

// A new event gets the old one's body: so nothing of the old one's head is left either.
void BlankEvents::Take(std::vector<wire::Event>& spent) {
  for (wire::Event& event : spent) {
    if (event.has_intent() && intents_.size() < kMost) {
      Empty(*event.mutable_intent());
      intents_.emplace_back().set_allocated_intent(event.release_intent());
    } else if (event.has_outcome() && outcomes_.size() < kMost) {
      event.mutable_outcome()->Clear();
      outcomes_.emplace_back().set_allocated_outcome(event.release_outcome());
    }
  }
  spent.clear();
}

wire::Event BlankEvents::Intent() {
  wire::Event event = TakeLast(intents_);
  event.mutable_intent()->mutable_principal();
  event.mutable_intent()->mutable_os_user();
  return event;
}

wire::Event BlankEvents::Outcome() {
  wire::Event event = TakeLast(outcomes_);
  event.mutable_outcome();
  return event;
}

}  // namespace postern::gate
