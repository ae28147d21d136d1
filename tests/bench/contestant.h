// Who is measured: the agent, nginx, HAProxy, and the upstream itself ("direct"), each on a free loopback
// port and each set up as a careful operator would for this traffic.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "tests/bench/child_process.h"
#include "tests/bench/load.h"

namespace postern::bench {

enum class Transport { kPlain, kTls };

// Where the programs are and where they may write.
struct Site {
  std::filesystem::path directory;  // scratch space on a real disk: the agent syncs its record there
  std::filesystem::path agent_program;
  std::filesystem::path upstream_program;
  std::filesystem::path certificate;  // of the TLS upstream, for "localhost"; also what verifies it
  std::filesystem::path certificate_key;
  std::filesystem::path models;  // the price table, config/models.yaml
};

struct Upstream {
  ChildProcess process;
  uint16_t port = 0;
  Transport transport = Transport::kPlain;
};

struct Contestant {
  std::string name;
  Target target;
  std::optional<ChildProcess> process;  // none for "direct"
  uint16_t operations_port = 0;         // where /metrics is, for the agent
};

// What stands in front of a contestant's command line: empty, or valgrind and its options.
using Wrapper = std::vector<std::string>;

// Makes the TLS upstream's certificate in the site's directory.
Status MakeCertificate(Site& site);

Result<Upstream> StartUpstream(const Site& site, Transport transport);

// `name` is agent, nginx, haproxy or direct. kInvalid for another, kUnavailable when it does not come up.
Result<Contestant> StartContestant(std::string_view name, const Site& site, const Upstream& upstream,
                                   const Wrapper& wrapper);

}  // namespace postern::bench
