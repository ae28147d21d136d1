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

// Reads an object of our own making, one character after the other.
struct StatusReader {
  std::vector<std::pair<std::string, std::string>> members;
  std::string entries;  // of lists, a line each

  void See(char c) {
    if (std::exchange(escaped_, false)) {
      part_ += c;
    } else if (quoted_ && c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      quoted_ = !quoted_;
    } else if (quoted_ || std::string_view(":,{}[]\n").find(c) == std::string_view::npos) {
      part_ += c;
    } else {
      Structure(c);
    }
  }

 private:
  void Structure(char c) {
    if (c == ':') name_ = std::exchange(part_, "");
    if (c == ',' || c == '}') EndMember();
    if (c == '[') list_ = std::exchange(name_, "");
    if (c == ']') list_.clear();
    if (c == '}' && !list_.empty()) entries += list_ + ": " + std::exchange(entry_, "") + "\n";
  }

  void EndMember() {
    if (name_.empty()) return;
    if (list_.empty()) {
      members.emplace_back(std::exchange(name_, ""), std::exchange(part_, ""));
      return;
    }
    std::replace(name_.begin(), name_.end(), '_', ' ');
    entry_ += entry_.empty() ? part_ : ", " + name_ + " " + part_;
    name_.clear();
    part_.clear();
  }

  std::string name_, part_, list_, entry_;
  bool quoted_ = false;
  bool escaped_ = false;
};

}  // namespace

std::string StatusRows(std::string_view json) {
  StatusReader reader;
  for (const char c : json) reader.See(c);
  size_t width = 0;
  for (const auto& [key, value] : reader.members) width = std::max(width, key.size());
  std::string rows;
  for (auto& [key, value] : reader.members) {
    std::replace(key.begin(), key.end(), '_', ' ');
    rows += key + std::string(width + 2 - key.size(), ' ') + value + "\n";
  }
  return rows + reader.entries;
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
