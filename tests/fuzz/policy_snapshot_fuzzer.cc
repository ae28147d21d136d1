// Any bytes as a snapshot, and as the file of a time zone: what compiles can be judged by and explained, and
// both say the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/check.h"
#include "shared/policy/explain.h"
#include "shared/policy/zone.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const WallTime now{std::chrono::seconds(1'795'435'200)};
  if (const auto zone = policy::ReadZone(bytes, "Fuzz/Zone", now)) CHECK(policy::CheckZone(*zone));
  wire::Policy snapshot;
  if (!snapshot.ParseFromString(bytes)) return 0;
  const auto compiled = policy::Compiled::Compile(snapshot, {{{"claude-opus-5-5", {"claude-opus-5"}}}});
  if (!compiled) return 0;
  const std::vector<policy::Tool> tools = {
      {"Bash", ""}, {"", "mcp_toolset"}, {"web_search", "web_search_20250305"}};
  const std::vector<std::string> credentials = {"main"};
  policy::Facts facts;
  facts.time = now;
  facts.team = snapshot.teams_size() > 0 ? std::string_view(snapshot.teams(0).id()) : std::string_view();
  facts.user = snapshot.users_size() > 0 ? std::string_view(snapshot.users(0).id()) : std::string_view();
  facts.key = snapshot.keys_size() > 0 ? std::string_view(snapshot.keys(0).id()) : std::string_view();
  facts.model = "claude-opus-5-5";
  facts.tools = tools;
  facts.credentials = credentials;
  facts.context_tokens = 1000;
  facts.max_tokens = 1000;
  const policy::Verdict verdict = compiled->Judge(facts);
  CHECK(verdict.allowed() == verdict.sentence.empty());
  CHECK(verdict.allowed() || !verdict.rule.empty());
  const policy::Explanation explanation = policy::Explain(*compiled, facts);
  CHECK(explanation.verdict.rule == verdict.rule);
  return 0;
}
