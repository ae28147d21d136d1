#include "agent/commands/enroll.h"

#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "agent/commands/agent_socket.h"
#include "agent/commands/options.h"
#include "agent/enrolment/enrol.h"
#include "agent/membership/enrolment.h"
#include "shared/base/json_text.h"
#include "shared/crypto/wiped.h"

namespace postern::commands {
namespace {

using command_line::Invocation;

constexpr size_t kMostTokenBytes = 4096;

std::string ReadSome(std::istream& in) {
  std::string text(kMostTokenBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

Result<std::string> ReadToken(const Invocation& call) {
  const std::string file = call.arguments.ValueOr("token-file", "-");
  if (file == "-") return ReadSome(call.in);
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{ErrorCode::kInvalid, file + ": can't be read"};
  return ReadSome(in);
}

Result<membership::Enrolment> Enrol(const Invocation& call, const agent::AgentConfig& config) {
  ASSIGN_OR_RETURN(std::string token, ReadToken(call));
  const crypto::WipeAtEnd wipe(token);
  enrolment::Options options;
  options.url = call.word(0);
  options.state_directory = config.state;
  if (call.arguments.Has("again")) options.again = enrolment::Again::kReplace;
  return enrolment::Enrol(options, token);
}

int Enroll(const Invocation& call) {
  const auto config = LoadConfig(call);
  if (!config) return call.Fail(config.error());
  const auto before = membership::LoadEnrolment(config->state);
  const auto enrolled = Enrol(call, *config);
  if (!enrolled) return call.Fail(enrolled.error());
  const bool running = Reach(config->socket().string()).has_value();
  if (call.arguments.Has("json")) {
    call.out << "{\"agent\":" << JsonString(enrolled->agent)
             << ",\"collector\":" << JsonString(enrolled->collector)
             << ",\"url\":" << JsonString(enrolled->url) << ",\"restart\":" << (running ? "true" : "false")
             << "}\n";
    return command_line::kDone;
  }
  call.out << "This host is agent " << enrolled->agent << " of " << enrolled->url << ".\n";
  if (before && *before) {
    call.out << "It was agent " << (*before)->agent << ": revoke that with `postern agent revoke "
             << (*before)->agent << "`.\n";
  }
  if (running) call.out << "The agent is running: it joins when it is started again.\n";
  return command_line::kDone;
}

}  // namespace

std::vector<command_line::Command> EnrollCommands() {
  return {{.name = "enroll",
           .words = "URL",
           .sentence = "Joins the organisation of the collector at URL, with a one-time token.",
           .details =
               "The token comes from `postern agent enroll-token`: a secret, then @, then the fingerprint of "
               "the collector's certificate key, by which it is known. Nothing is sent to another "
               "collector. The secret halves of this host's keys stay in its state directory.\n\nRun it as "
               "the user that the agent runs as. The agent joins when it is started again.",
           .options = {kConfigOption,
                       {.name = "token-file",
                        .value = "FILE",
                        .sentence = "Where the token is; - is standard input.",
                        .completes = command_line::Completes::kFiles,
                        .need = command_line::Need::kRequired},
                       {.name = "again", .sentence = "Makes a host that is enrolled already a new agent."},
                       kJsonOption},
           .run = Enroll}};
}

}  // namespace postern::commands
