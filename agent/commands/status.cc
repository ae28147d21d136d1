#include "agent/commands/status.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "agent/commands/agent_socket.h"
#include "agent/commands/options.h"

namespace postern::commands {
namespace {

using command_line::Invocation;
using command_line::kDone;
using command_line::kRefused;

// The answer of the running agent, or why there is none: kDenied where it refused.
Result<std::string> AskRunning(const Invocation& call, std::string_view method) {
  ASSIGN_OR_RETURN(const agent::AgentConfig config, LoadConfig(call));
  auto answer = Ask(config.socket().string(), method, "/" + std::string(call.command.name));
  if (answer) return answer;
  const bool refused = answer.error().code == ErrorCode::kInvalid;
  return Error{refused ? ErrorCode::kDenied : ErrorCode::kUnavailable, answer.error().message};
}

int ShowStatus(const Invocation& call) {
  const auto answer = AskRunning(call, "GET");
  if (!answer) return call.Fail(answer.error());
  call.out << (call.arguments.Has("json") ? *answer : StatusRows(*answer));
  return answer->find(R"("record":"good")") != std::string::npos ? kDone : kRefused;
}

int Reload(const Invocation& call) {
  const auto answer = AskRunning(call, "POST");
  if (!answer) return call.Fail(answer.error());
  call.out << "configuration read again\n";
  return kDone;
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

std::vector<command_line::Command> StatusCommands() {
  return {{.name = "status",
           .sentence = "Asks the running agent how it is; 1 where it can't keep its record.",
           .options = {kConfigOption, kJsonOption},
           .run = ShowStatus},
          {.name = "reload",
           .sentence = "Lets the running agent read its configuration again, and says what is wrong with it.",
           .options = {kConfigOption},
           .run = Reload}};
}

}  // namespace postern::commands
