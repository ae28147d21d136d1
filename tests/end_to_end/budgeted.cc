#include "tests/end_to_end/budgeted.h"

#include "shared/base/check.h"
#include "shared/base/json_text.h"

namespace postern::end_to_end {

Budgeted::Budgeted(std::string_view policy, std::string_view agent_lines,
                   std::vector<std::string> provider_arguments) {
  const std::string file = house_.keep().directory().Write(
      "policy.yaml", "organisation:\n  name: Example\n  models:\n    allow: [\"*\"]\n" + std::string(policy));
  house_.Postern({"policy", "apply", file, "--force"});
  HostOptions options;
  // What the collector says decides here, not how long a busy machine takes to say it.
  options.extra_config = "deadlines: {grant: 5s}\n" + std::string(agent_lines);
  options.provider_arguments = std::move(provider_arguments);
  host_.emplace(house_.Member(std::move(options)));
  CHECK(host_->WaitForMetric("postern_policy_version", 1));
  provider_.emplace(host_->provider_port());
}

std::string LongStreamBody(std::string_view directive) {
  return R"({"model":"claude-opus-5-5","max_tokens":32000,"stream":true,"messages":[{"role":"user","content":)" +
         JsonString(directive) + "}]}";
}

}  // namespace postern::end_to_end
