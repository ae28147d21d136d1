#include "collector/api/metrics.h"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/collector/api/keep.h"
#include "tests/support/paths.h"

namespace postern::api {
namespace {

std::set<std::string> NamesIn(const std::string& text) {
  std::set<std::string> names;
  static const std::regex kName("postern_collector_[a-z_]+");
  for (std::sregex_iterator it(text.begin(), text.end(), kName), end; it != end; ++it)
    names.insert(it->str());
  return names;
}

std::string ValueOf(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) return line.substr(name.size() + 1);
  }
  return "(none)";
}

TEST(ApiMetrics, TheReadmeListsTheirNamesAndNoOthers) {
  const Keep keep;
  keep.Admin("GET", "/metrics");  // so that a call has been counted
  const Reply reply = keep.Admin("GET", "/metrics");
  std::ifstream file(support::InSource("collector/api/README.md"));
  const std::string readme(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(NamesIn(reply.body), NamesIn(readme));
}

TEST(ApiMetrics, TellWhatIsGoingOn) {
  Keep keep;
  keep.presence().Update("a", [](intake::AgentPresence& agent) {
    agent.connected = true;
    agent.claimed = {1, 10};
    agent.stored = {1, 7};
    agent.unsent = 5;
  });
  keep.presence().Update("b", [](intake::AgentPresence& agent) { agent.unsent = 1; });
  keep.presence().counters.events = 42;
  keep.presence().counters.commit_nanoseconds = 1'500'000'000;
  keep.presence().counters.policies = 3;
  keep.presence().counters.refused_policies = 2;
  keep.presence().counters.unheard_of = 1;
  keep.Call("", "GET", "/v1/keys");
  const std::string text = keep.Call(keep.viewer, "GET", "/metrics").body;
  EXPECT_EQ(ValueOf(text, "postern_collector_agents{state=\"connected\"}"), "1");
  EXPECT_EQ(ValueOf(text, "postern_collector_agents{state=\"away\"}"), "1");
  EXPECT_EQ(ValueOf(text, "postern_collector_lag_events"), "3");
  EXPECT_EQ(ValueOf(text, "postern_collector_unsent_events"), "6");
  EXPECT_EQ(ValueOf(text, "postern_collector_ingest_events_total"), "42");
  EXPECT_EQ(ValueOf(text, "postern_collector_ingest_commit_seconds_total"), "1.500000000");
  EXPECT_EQ(ValueOf(text, "postern_collector_policies_taken_total"), "3");
  EXPECT_EQ(ValueOf(text, "postern_collector_policies_refused_total"), "2");
  EXPECT_EQ(ValueOf(text, "postern_collector_seen_unheard_of_total"), "1");
  EXPECT_EQ(ValueOf(text, "postern_collector_api_requests_total{operation=\"key.list\",status=\"401\"}"),
            "1");
  EXPECT_EQ(ValueOf(text, "postern_collector_log_entries"), std::to_string(keep.store().stats().log_size));
}

}  // namespace
}  // namespace postern::api
