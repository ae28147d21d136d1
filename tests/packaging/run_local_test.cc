// packaging/run-local as a person uses it: everything is set up, a request goes through, the whole
// organisation's record shows it, and a second run goes on with the same state.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/held_port.h"
#include "tests/support/http_client.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::packaging {
namespace {

using support::Process;
using ::testing::HasSubstr;

// Ports that run-local takes: one, and its neighbours.
std::vector<support::HeldPort> HoldPorts() {
  for (int i = 0; i < 200; ++i) {
    std::vector<support::HeldPort> ports(1);
    const int base = ports[0].number();
    for (const int more : {1, 2, 10, 11})
      if (base + more <= UINT16_MAX) ports.emplace_back(static_cast<uint16_t>(base + more));
    if (ports.size() == 5 &&
        std::all_of(ports.begin(), ports.end(), [](const auto& port) { return port.number() != 0; }))
      return ports;
  }
  ADD_FAILURE() << "no free ports";
  return std::vector<support::HeldPort>(1);
}

class RunLocal : public ::testing::Test {
 protected:
  std::unique_ptr<Process> Start() const {
    auto process = Process::Start({.argv = {support::InSource("packaging/run-local")},
                                   .variables = {{"POSTERN_PORT", std::to_string(port_)},
                                                 {"POSTERN_VAR", directory_ / "var"},
                                                 {"POSTERN_BIN", support::InBuild("bin")},
                                                 {"ANTHROPIC_API_KEY", ""}}});
    EXPECT_TRUE(process) << process.error().message;
    const auto ready = (*process)->WaitForLine("Ctrl-C stops everything", std::chrono::seconds(120));
    EXPECT_TRUE(ready) << ready.error().message << (*process)->errors();
    return *std::move(process);
  }

  // A command line of another terminal.
  support::Finished Shell(const std::string& line) const {
    return *support::RunProcess(
        {.argv = {"sh", "-c", ". " + (directory_ / "var/environment") + "; " + line}});
  }

  // The same until its output holds the text; its last output.
  std::string ShellUntil(const std::string& line, const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + Process::kPatience;
    std::string output;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto finished = Shell(line);
      output = finished.output + finished.errors;
      if (output.find(text) != std::string::npos) return output;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << line << " never showed \"" << text << "\" but " << output;
    return output;
  }

  std::string Ask() const {
    const auto asked = Shell("curl -sS http://127.0.0.1:" + std::to_string(port_) +
                             "/v1/messages -H 'content-type: application/json' "
                             "-H 'anthropic-version: 2023-06-01' -H \"authorization: Bearer $(cat " +
                             (directory_ / "var/key") +
                             ")\" -d "
                             "'{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\"messages\":[{\"role\":"
                             "\"user\",\"content\":\"hello\"}]}'");
    return asked.output + asked.errors;
  }

  const support::TemporaryDirectory directory_;
  const std::vector<support::HeldPort> ports_ = HoldPorts();
  const int port_ = ports_[0].number();
};

TEST_F(RunLocal, SetsEverythingUpAndShowsWhatHappens) {
  std::string key;
  {
    const auto process = Start();
    EXPECT_THAT(process->output(), HasSubstr("ANTHROPIC_BASE_URL=http://127.0.0.1:" + std::to_string(port_)));
    key = support::ReadFile(directory_ / "var/key");
    EXPECT_THAT(process->output(), HasSubstr(key.substr(0, key.size() - 1)));
    EXPECT_THAT(Ask(), HasSubstr("\"type\":\"message\""));
    EXPECT_THAT(ShellUntil("postern audit query --kind outcome", "200 complete"),
                HasSubstr("claude-sonnet-4-5"));
    EXPECT_THAT(Shell("postern usage --by user").output, HasSubstr("total"));
    ShellUntil("postern agent list", "active  yes");
    EXPECT_THAT(Shell("postern audit query --kind administration --all").output,
                HasSubstr("credential.add main done"));
    process->Signal(SIGINT);
    EXPECT_EQ(process->Wait(std::chrono::seconds(60)), (support::Ending{.code = 0, .signal = std::nullopt}));
    EXPECT_FALSE(support::RawConnection::Open({.port = static_cast<uint16_t>(port_ + 10)}));
  }
  const auto again = Start();
  EXPECT_EQ(support::ReadFile(directory_ / "var/key"), key);
  EXPECT_THAT(Ask(), HasSubstr("\"type\":\"message\""));
  ShellUntil("postern usage --by user --json", "\"requests\":2");
  again->Signal(SIGTERM);
  EXPECT_TRUE(again->Wait(std::chrono::seconds(60)));
}

}  // namespace
}  // namespace postern::packaging
