// Programs that nobody here wrote, run against the gate and, for comparison, against the provider itself:
// Claude Code, the vendor's client library, and a model mock. tests/peers/README.md says where they come
// from.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {

// Where a client is sent, and with what in its hand.
struct Access {
  std::string base_url;
  std::string token;
};
Access Through(const Host& host);   // the agent, with the host's key
Access Straight(const Host& host);  // its provider, with the provider's own

constexpr std::chrono::minutes kClientPatience{5};

// Claude Code in a home and a working directory of its own, which are gone with it. It may use every tool
// without asking. Thread-compatible.
class ClaudeCode {
 public:
  explicit ClaudeCode(Access access) : access_(std::move(access)) {}

  void set_model(std::string model) { model_ = std::move(model); }
  // Further words of its command line, and of its environment.
  void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }
  void set_variables(std::map<std::string, std::string> variables) { variables_ = std::move(variables); }

  // `claude -p`; an ending without code and signal when it didn't end in time.
  support::Finished Run(std::string_view prompt) const;
  std::unique_ptr<support::Process> Start(std::string_view prompt) const;

 private:
  support::ProcessOptions Options(std::string_view prompt) const;

  const Access access_;
  std::string model_ = "claude-opus-5-5";
  std::vector<std::string> arguments_;
  std::map<std::string, std::string> variables_;
  support::TemporaryDirectory home_;
};

// How the vendor's library is to be given the token.
enum class Credential { kBearer, kApiKey };

// sdk_client.mjs with these words, which says what it does and prints.
support::Finished RunSdkClient(const Access& access, const std::vector<std::string>& words,
                               Credential credential = Credential::kBearer);

// A provider of the Messages API that isn't our simulator. Thread-compatible.
class ModelMock {
 public:
  // `fixtures` is its own JSON: {"fixtures":[{"match":{"userMessage":…},"response":{"content":…}}]}.
  explicit ModelMock(std::string_view fixtures);

  const std::string& url() const { return url_; }

 private:
  support::TemporaryDirectory directory_;
  std::unique_ptr<support::Process> process_;
  std::string url_;
};

// A test that needs them. They exist for x86-64 alone, where it fails without them; elsewhere it is skipped.
class PeersTest : public ::testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace postern::end_to_end
