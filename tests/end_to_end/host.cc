#include "tests/end_to_end/host.h"

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <thread>

#include "shared/base/check.h"
#include "shared/base/json_text.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using support::Process;

uint16_t PortAfter(std::string_view line, std::string_view mark) {
  const size_t at = line.find(mark);
  CHECK(at != std::string_view::npos);
  std::string_view rest = line.substr(at + mark.size());
  rest = rest.substr(rest.find(':') + 1);
  uint16_t port = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), port);
  CHECK(port != 0);
  return port;
}

std::string FirstWord(std::string_view text, std::string_view prefix) {
  const size_t at = text.find(prefix);
  CHECK(at != std::string_view::npos);
  return std::string(text.substr(at, text.find_first_of(" \"\n,", at) - at));
}

}  // namespace

std::string AgentProgram() { return support::InBuild("bin/postern-agent"); }
std::string ProviderProgram() { return support::InBuild("bin/postern-provider"); }

std::string MessageBody(std::string_view text, std::string_view model) {
  return R"({"model":)" + JsonString(model) + R"(,"max_tokens":1000,"messages":[{"role":"user","content":)" +
         JsonString(text) + "}]}";
}

std::string StreamBody(std::string_view text, std::string_view model) {
  return R"({"model":)" + JsonString(model) +
         R"(,"max_tokens":1000,"stream":true,"messages":[{"role":"user","content":)" + JsonString(text) +
         "}]}";
}

Host::Host(HostOptions options) : options_(std::move(options)) {
  if (options_.upstream.empty()) {
    support::ProcessOptions provider;
    provider.argv = {ProviderProgram(), "--port", "0", "--api-key", std::string(kProviderKey)};
    provider.argv.insert(provider.argv.end(), options_.provider_arguments.begin(),
                         options_.provider_arguments.end());
    auto started = Process::Start(provider);
    CHECK(started.has_value());
    provider_ = *std::move(started);
    const auto line = provider_->WaitForLine("listening on");
    CHECK(line.has_value());
    provider_port_ = PortAfter(*line, "://");
  }
  directory_.Write("provider.key", std::string(kProviderKey) + "\n");
  WriteConfig();
  if (!options_.copied_state.empty()) {
    std::filesystem::copy(options_.copied_state, state(), std::filesystem::copy_options::recursive);
    key_ = options_.member_key;
    StartAgent();
    return;
  }
  if (!options_.collector_url.empty()) {
    directory_.Write("token", options_.enrolment_token + "\n");
    const auto joined = Run({"enroll", options_.collector_url, "--token-file", directory_ / "token"});
    if (joined.ending.code != 0) std::fprintf(stderr, "%s\n", joined.errors.c_str());
    CHECK(joined.ending.code == 0);
    key_ = options_.member_key;
    StartAgent();
    return;
  }
  const auto made = Run({"key", "create", "--user", "alice@example.com", "--team", "platform", "--json"});
  CHECK(made.ending.code == 0);
  key_ = FirstWord(made.output, "pst_");
  StartAgent();
}

void Host::WriteConfig() {
  const bool is_member = !options_.collector_url.empty() || !options_.copied_state.empty();
  const std::string upstream =
      !options_.upstream.empty()
          ? options_.upstream
          : options_.provider_scheme + "://" + options_.provider_name + ":" + std::to_string(provider_port_);
  directory_.Write(
      "agent.yaml",
      "listen: 127.0.0.1:0\noperations: 127.0.0.1:0\nstate: " + options_.state +
          "\nkeys: keys.yaml\n"
          "models: " +
          support::InSource("config/models.yaml") + "\n" +
          // All hosts of all tests share what was compiled once.
          "secrets: {" +
          (options_.secrets.empty() ? "cache: " + support::InBuild("secrets.rules") : options_.secrets) +
          "}\n" + (is_member ? "" : "credential:\n  file: provider.key\n") + "upstream:\n  url: " + upstream +
          "\n" + options_.upstream_lines + options_.extra_config);
}

void Host::Reconfigure(const std::string& extra_config) {
  options_.extra_config = extra_config;
  WriteConfig();
}

void Host::StartAgent() {
  SpawnAgent();
  AwaitAgent();
}

void Host::SpawnAgent() {
  support::ProcessOptions options;
  options.argv = {options_.agent_program.empty() ? AgentProgram() : options_.agent_program, "run", "--config",
                  config_file()};
  options.variables = options_.variables;
  auto started = Process::Start(options);
  CHECK(started.has_value());
  agent_ = *std::move(started);
}

void Host::AwaitAgent() {
  const auto line = agent_->WaitForLine("listening");
  if (!line) {
    std::fprintf(stderr, "the agent did not start:\n%s\n", agent_->errors().c_str());
    CHECK(line.has_value());
  }
  port_ = PortAfter(*line, "traffic=");
  operations_port_ = PortAfter(*line, "operations=");
  if (options_.waits == HostOptions::Until::kItListens) return;
  // The very first agent of all compiles the rules for secrets, which takes longer than a client waits.
  while (Metric("postern_secret_rules") == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void Host::KillAgent() {
  agent_->Signal(SIGKILL);
  CHECK(agent_->Wait().has_value());
}

support::Ending Host::StopAgent() { return agent_->Stop(); }

support::Headers Host::MessageHeaders() const {
  return {{"content-type", "application/json"},
          {"authorization", "Bearer " + key_},
          {"anthropic-version", "2023-06-01"}};
}

support::Response Host::Ask(std::string_view body, const support::Headers& more) {
  support::Headers headers = MessageHeaders();
  headers.insert(headers.end(), more.begin(), more.end());
  auto response = support::Fetch(target(), "POST", "/v1/messages?beta=true", headers, body);
  return response ? *std::move(response) : support::Response{};
}

support::Finished Host::Run(std::vector<std::string> words) const {
  words.insert(words.begin(), AgentProgram());
  words.insert(words.end(), {"--config", config_file()});
  auto finished = support::RunProcess({.argv = words});
  CHECK(finished.has_value());
  return *std::move(finished);
}

std::string Host::Metrics() const {
  const auto response = support::Fetch(operations(), "GET", "/metrics", {{"host", "localhost"}});
  return response ? response->body : "";
}

double Host::Metric(std::string_view sample) const {
  std::istringstream lines(Metrics());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(std::string(sample) + " ")) return std::stod(line.substr(sample.size() + 1));
  }
  return -1;
}

bool Host::WaitForMetric(std::string_view sample, double least) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (Metric(sample) < least) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::vector<std::string> Host::Events() const {
  const auto finished = Run({"events", "--json", "--limit", "1000000000"});
  std::vector<std::string> events;
  std::istringstream lines(finished.output);
  for (std::string line; std::getline(lines, line);) events.push_back(line);
  return events;
}

}  // namespace postern::end_to_end
