#include "tests/end_to_end/recorded.h"

#include "tests/agent/spool/events.h"

namespace postern::end_to_end {

int Recorded::IntentsOf(const std::string& user_agent) const {
  const auto found = exchanges.find(user_agent);
  return found == exchanges.end() ? 0 : found->second.intents;
}

Recorded ReadRecord(const std::string& state_directory) {
  const spool::Page page = spool::ReadAll(state_directory);
  Recorded recorded;
  recorded.verdict = spool::Verify(page);
  std::map<std::string, std::string> user_agents;  // by exchange
  std::map<uint64_t, uint64_t> sequences;          // by incarnation
  for (const wire::Event& event : spool::Events(page)) {
    if (event.sequence() != ++sequences[event.incarnation()]) recorded.gapless = false;
    if (event.has_start()) ++recorded.starts;
    if (event.has_gap()) recorded.gaps.push_back(event.gap());
    if (event.has_intent()) {
      user_agents[event.intent().exchange()] = event.intent().user_agent();
      ++recorded.exchanges[event.intent().user_agent()].intents;
    }
    if (!event.has_outcome()) continue;
    const wire::Ending ending = event.outcome().ending();
    if (ending == wire::ENDING_INTERRUPTED) ++recorded.interrupted;
    if (const auto found = user_agents.find(event.outcome().exchange()); found != user_agents.end()) {
      recorded.exchanges[found->second].endings.push_back(ending);
    } else {
      ++recorded.stray;
    }
  }
  return recorded;
}

}  // namespace postern::end_to_end
