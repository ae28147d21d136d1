// An organisation's house with limits, and one host of it: real collector, agent and provider simulator.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/provider_journal.h"

namespace postern::end_to_end {

// Failures end the test program.
class Budgeted {
 public:
  // `policy`: its `limits:` and what else it says of money; `agent_lines`: further lines of agent.yaml.
  // Returns once the host enforces it.
  explicit Budgeted(std::string_view policy, std::string_view agent_lines = {},
                    std::vector<std::string> provider_arguments = {});

  House& house() { return house_; }
  Host& host() { return *host_; }
  const ProviderJournal& provider() const { return *provider_; }

  // What the collector says was spent of the organisation's exchanges.
  int64_t spent() const { return house_.ReadSums().nano_dollars; }

 private:
  House house_;
  std::optional<Host> host_;
  std::optional<ProviderJournal> provider_;
};

// A request that is streamed, with a directive as its text, and up to 32,000 tokens of answer.
std::string LongStreamBody(std::string_view directive);

}  // namespace postern::end_to_end
