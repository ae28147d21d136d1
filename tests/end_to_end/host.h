// One host for end-to-end tests: a provider simulator, an agent with its own state, and a key. Real processes
// on free ports.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_client.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {

struct HostOptions {
  std::string extra_config = {};  // further lines of agent.yaml
  std::vector<std::string> provider_arguments = {};
  std::string upstream = {};                          // another provider's URL; empty: a simulator of its own
  std::string provider_scheme = "http";               // with "https": provider_arguments name a certificate …
  std::string provider_name = "127.0.0.1";            // … for this name, which leads to this machine
  std::string upstream_lines = "  proxy: none\n";     // further lines of agent.yaml's `upstream`
  std::map<std::string, std::string> variables = {};  // the agent's environment
  std::string agent_program = {};                     // another build of it; empty: postern-agent
  std::string state = "state";                        // where the agent keeps its state
  // Members of agent.yaml's `secrets`; empty: what is compiled is shared with all other hosts.
  std::string secrets = {};
  enum class Until { kRulesAreReady, kItListens };
  Until waits = Until::kRulesAreReady;  // for the agent's start
  // A member: enrolled there before it starts, without a credential or keys of its own.
  std::string collector_url = {};
  std::string enrolment_token = {};
  std::string member_key = {};  // a key that the collector knows, for Ask
  // Instead of a token: a member's state directory, of which its own begins as a copy.
  std::string copied_state = {};
};

constexpr std::string_view kProviderKey = "sk-ant-test-0123456789";

// Failures end the test program: without a host there is no test.
class Host {
 public:
  explicit Host(HostOptions options = {});

  void StartAgent();            // SpawnAgent and AwaitAgent
  void SpawnAgent();            // returns while it is still starting
  void AwaitAgent();            // as the options say; the ports are known then
  void KillAgent();             // SIGKILL
  support::Ending StopAgent();  // SIGTERM
  support::Process& agent() { return *agent_; }
  support::Process& provider() { return *provider_; }

  uint16_t port() const { return port_; }
  uint16_t operations_port() const { return operations_port_; }
  uint16_t provider_port() const { return provider_port_; }
  const std::string& key() const { return key_; }  // empty with a collector, until it is given one
  void set_key(std::string key) { key_ = std::move(key); }
  std::string state() const {
    return options_.state.starts_with('/') ? options_.state : directory_ / options_.state;
  }
  std::string config_file() const { return directory_ / "agent.yaml"; }
  const support::TemporaryDirectory& directory() const { return directory_; }
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  support::Target target() const { return {.port = port_}; }
  support::Target operations() const { return {.port = operations_port_}; }
  support::Target control() const { return {.port = provider_port_}; }
  support::Target socket() const { return {.unix_path = state() + "/agent.sock"}; }

  // A request to /v1/messages as Claude Code sends it, with our key, and its answer.
  support::Response Ask(std::string_view body, const support::Headers& more = {});
  support::Headers MessageHeaders() const;

  // Further lines of agent.yaml, for the next start.
  void Reconfigure(const std::string& extra_config);

  // postern-agent with these words and --config.
  support::Finished Run(std::vector<std::string> words) const;

  std::string Metrics() const;
  // The value of one sample, such as `postern_exchanges_total{call="messages",ending="complete"}`; -1 if
  // there is none.
  double Metric(std::string_view sample) const;
  // Waits until the sample is at least that; false after a minute.
  bool WaitForMetric(std::string_view sample, double least) const;

  // Every event of the record, one JSON object a line.
  std::vector<std::string> Events() const;

 private:
  void WriteConfig();

  HostOptions options_;
  support::TemporaryDirectory directory_;
  std::unique_ptr<support::Process> provider_;
  std::unique_ptr<support::Process> agent_;
  uint16_t provider_port_ = 0;
  uint16_t port_ = 0;
  uint16_t operations_port_ = 0;
  std::string key_;
};

// A small request: {"model":…,"max_tokens":…,"messages":[{"role":"user","content":text}]}.
std::string MessageBody(std::string_view text, std::string_view model = "claude-opus-5-5");
std::string StreamBody(std::string_view text, std::string_view model = "claude-opus-5-5");

std::string AgentProgram();
std::string ProviderProgram();

}  // namespace postern::end_to_end
