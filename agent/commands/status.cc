#include "agent/commands/status.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "agent/commands/agent_socket.h"
#include "agent/commands/config_option.h"

namespace postern::commands {
namespace {

constexpr int kRefused = 1;
constexpr int kBadConfig = 2;
constexpr int kUnreachable = 3;

constexpr std::string_view kStatusHelp = R"(usage: postern-agent status [--json] [--config FILE]

Asks the running agent how it is. Exit codes: 0 it keeps its record, 1 it can't, 2 wrong usage, 3 it can't be reached.
)";

constexpr std::string_view kReloadHelp = R"(usage: postern-agent reload [--config FILE]

Lets the running agent read its configuration again, as SIGHUP does, and says what is wrong with it.
Exit codes: 0 done, 1 refused (the old one stays), 2 wrong usage, 3 the agent can't be reached.
)";

struct Asked {
  std::optional<int> exit_code;
  std::string answer;
  bool json = false;
};

Asked AskRunning(std::string_view command, std::string_view help, std::span<const std::string> words,
                 std::string_view method, std::ostream& out, std::ostream& err) {
  const ConfigOption option = ReadConfigOption(command, help, words, out, err);
  if (option.exit_code) return {option.exit_code, ""};
  const auto fail = [&](const Error& error, int code) {
    err << "postern-agent " << command << ": " << error.message << '\n';
    return Asked{code, ""};
  };
  const auto config = agent::LoadAgentConfig(option.config_file);
  if (!config) return fail(config.error(), kBadConfig);
  auto answer = Ask(config->socket().string(), method, "/" + std::string(command));
  if (answer) return {std::nullopt, *std::move(answer), option.json};
  return fail(answer.error(), answer.error().code == ErrorCode::kInvalid ? kRefused : kUnreachable);
}

}  // namespace

std::string StatusRows(std::string_view json) {
  std::vector<std::pair<std::string, std::string>> members;
  std::string part;
  std::string name;
  bool quoted = false;
  for (size_t i = 1; i < json.size(); ++i) {  // past the brace
    const char c = json[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (quoted && c == '\\' && i + 1 < json.size()) {
      part += json[++i];
    } else if (!quoted && c == ':') {
      name = std::exchange(part, "");
    } else if (!quoted && (c == ',' || c == '}')) {
      members.emplace_back(std::exchange(name, ""), std::exchange(part, ""));
      if (c == '}') break;
    } else {
      part += c;
    }
  }
  size_t width = 0;
  for (const auto& [key, value] : members) width = std::max(width, key.size());
  std::string rows;
  for (auto& [key, value] : members) {
    std::replace(key.begin(), key.end(), '_', ' ');
    rows += key + std::string(width + 2 - key.size(), ' ') + value + "\n";
  }
  return rows;
}

int RunStatusCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  const Asked asked = AskRunning("status", kStatusHelp, words, "GET", out, err);
  if (asked.exit_code) return *asked.exit_code;
  out << (asked.json ? asked.answer : StatusRows(asked.answer));
  return asked.answer.find(R"("record":"good")") != std::string::npos ? 0 : kRefused;
}

int RunReloadCommand(std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  const Asked asked = AskRunning("reload", kReloadHelp, words, "POST", out, err);
  if (asked.exit_code) return *asked.exit_code;
  out << "configuration read again\n";
  return 0;
}

}  // namespace postern::commands
