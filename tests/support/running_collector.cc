#include "tests/support/running_collector.h"

#include <csignal>

#include "shared/json/value.h"
#include "tests/support/paths.h"

namespace postern::support {
namespace {

std::string CollectorProgram() { return support::InBuild("bin/postern-collector"); }
std::string PosternProgram() { return support::InBuild("bin/postern"); }

}  // namespace

Result<std::unique_ptr<RunningCollector>> RunningCollector::Start(const std::string& extra) {
  std::unique_ptr<RunningCollector> collector(new RunningCollector);
  collector->extra_ = extra;
  collector->WriteConfig();
  RETURN_IF_ERROR(collector->Initialise());
  RETURN_IF_ERROR(collector->Run());
  return collector;
}

void RunningCollector::WriteConfig() const {
  directory_.Write("collector.yaml", "listen: 127.0.0.1:" + std::to_string(api_port()) +
                                         "\nagents: 127.0.0.1:" + std::to_string(agents_port()) +
                                         "\nstate: state\n" + extra_);
}

Status RunningCollector::Initialise() {
  const Finished made =
      Command({"init", "--json", "--name", "localhost,127.0.0.1", "--administrator", "first"});
  if (made.ending.code != 0)
    return Error{ErrorCode::kUnavailable, "postern-collector init: " + made.output + made.errors};
  ASSIGN_OR_RETURN(const json::Value answer, json::Parse(made.output));
  ASSIGN_OR_RETURN(const json::Object object, answer.AsOpenObject());
  ASSIGN_OR_RETURN(fingerprint_, object.Text("fingerprint"));
  ASSIGN_OR_RETURN(token_, object.Text("text"));
  directory_.Write("token", token_ + "\n");
  return Ok{};
}

Status RunningCollector::Run() {
  ASSIGN_OR_RETURN(process_,
                   Process::Start({.argv = {CollectorProgram(), "run", "--config", config_file()}}));
  ASSIGN_OR_RETURN(const std::string line, process_->WaitForLine("listening"));
  return Ok{};
}

void RunningCollector::Kill() {
  process_->Signal(SIGKILL);
  process_->Wait();
}

Finished RunningCollector::Postern(std::vector<std::string> words, const std::string& input) const {
  return PosternAs(token_file(), std::move(words), input);
}

Finished RunningCollector::PosternAs(const std::string& token_file, std::vector<std::string> words,
                                     const std::string& input) const {
  words.insert(words.begin(), PosternProgram());
  const auto finished = RunProcess({.argv = std::move(words),
                                    .variables = {{"POSTERN_URL", url()},
                                                  {"POSTERN_FINGERPRINT", fingerprint_},
                                                  {"POSTERN_TOKEN_FILE", token_file}},
                                    .input = input});
  return finished ? *finished : Finished{{}, "", finished.error().message};
}

Finished RunningCollector::Command(std::vector<std::string> words) const {
  words.insert(words.begin(), CollectorProgram());
  words.insert(words.end(), {"--config", config_file()});
  const auto finished = RunProcess({.argv = std::move(words)});
  return finished ? *finished : Finished{{}, "", finished.error().message};
}

}  // namespace postern::support
