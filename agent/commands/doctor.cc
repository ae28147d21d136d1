#include "agent/commands/doctor.h"

#include <algorithm>
#include <ostream>

#include "agent/commands/agent_socket.h"
#include "agent/commands/options.h"
#include "agent/commands/run.h"
#include "agent/doctor/examination.h"
#include "agent/membership/enrolment.h"
#include "shared/base/json_text.h"
#include "shared/command_line/table.h"

namespace postern::commands {
namespace {

using command_line::Invocation;
using doctor::Observation;
using doctor::Verdict;

constexpr std::string_view kManagedSettings = "/etc/claude-code";

Observation ExamineConfiguration(const agent::AgentConfig& config, Keys keys) {
  const Status files = CheckFiles(config, keys);
  if (!files) return {"configuration", Verdict::kFinding, files.error().message + "."};
  return {"configuration", Verdict::kGood, "It and all that it names can be read."};
}

// Where the agent listens: what it says where it runs (the configuration may leave the port to the kernel).
uint16_t PortOf(const agent::AgentConfig& config) {
  constexpr std::string_view kMember = R"("listen":")";
  const auto status = Ask(config.socket().string(), "GET", "/status");
  const size_t at = status ? status->find(kMember) : std::string::npos;
  if (at == std::string::npos) return config.listen.port;
  const size_t begin = at + kMember.size();
  const auto address = agent::ParseAddress(status->substr(begin, status->find('"', begin) - begin));
  return address ? address->port : config.listen.port;
}

// A text of the status, which has no brackets and no escaped quotation marks where this looks.
std::string MemberOf(std::string_view status, std::string_view name) {
  const std::string begin = '"' + std::string(name) + "\":";
  const size_t at = status.find(begin);
  if (at == std::string_view::npos) return "";
  std::string_view value = status.substr(at + begin.size());
  if (!value.starts_with('"')) return std::string(value.substr(0, value.find_first_of(",}")));
  value.remove_prefix(1);
  return std::string(value.substr(0, value.find('"')));
}

// By which policy the running agent goes, and whether everything is frozen.
std::vector<Observation> ExaminePolicy(const std::string& status, doctor::Host host) {
  std::vector<Observation> observations;
  const std::string version = MemberOf(status, "policy_version");
  const std::string refusal = MemberOf(status, "policy_not_taken");
  if (!refusal.empty()) {
    observations.push_back({"policy", Verdict::kFinding, "One that came was not taken: " + refusal + "."});
  } else if (version != "0") {
    observations.push_back(
        {"policy", Verdict::kGood,
         "Version " + version + " is in force, for " + MemberOf(status, "policy_age_seconds") + " seconds."});
  } else if (host == doctor::Host::kMember) {
    observations.push_back({"policy", Verdict::kFinding,
                            "There is none yet, so nothing is let through: it comes from the collector."});
  } else {
    observations.push_back({"policy", Verdict::kNote, "This host has none: see policy in agent.yaml."});
  }
  if (MemberOf(status, "frozen") == "true")
    observations.push_back({"freeze", Verdict::kFinding,
                            "The collector has frozen everything since " + MemberOf(status, "frozen_since") +
                                ": nothing is let through until `postern thaw`."});
  return observations;
}

// What the running agent says of itself.
std::vector<Observation> ExamineRunning(const agent::AgentConfig& config, doctor::Host host) {
  const std::string socket = config.socket().string();
  if (const Status reached = Reach(socket); !reached) {
    const bool absent = reached.error().code == ErrorCode::kNotFound;
    std::vector<Observation> observations = {{"agent", absent ? Verdict::kNote : Verdict::kFinding,
                                              absent ? "It doesn't run." : reached.error().message + "."}};
    if (absent) observations.push_back(doctor::ExaminePort("port of listen", config.listen));
    if (absent) observations.push_back(doctor::ExaminePort("port of operations", config.operations));
    return observations;
  }
  const auto status = Ask(socket, "GET", "/status");
  if (!status) return {{"agent", Verdict::kFinding, status.error().message + "."}};
  std::vector<Observation> observations;
  const bool records = status->find(R"("record":"good")") != std::string::npos;
  observations.push_back({"agent", records ? Verdict::kGood : Verdict::kFinding,
                          records ? "It runs and keeps its record."
                                  : "It runs and can't keep its record: see `postern-agent status`."});
  for (Observation& each : ExaminePolicy(*status, host)) observations.push_back(std::move(each));
  if (host == doctor::Host::kLone) return observations;
  if (status->find(R"("collector":"none")") != std::string::npos) {
    observations.push_back(
        {"conversation", Verdict::kFinding, "This host was enrolled after the agent began: start it again."});
  } else if (status->find(R"("collector":"connected")") == std::string::npos) {
    observations.push_back({"conversation", Verdict::kFinding,
                            "The agent isn't connected to its collector: see `postern-agent status`."});
  } else {
    observations.push_back({"conversation", Verdict::kGood, "The agent is connected to its collector."});
  }
  return observations;
}

std::vector<Observation> Examine(const Invocation& call, const agent::AgentConfig& config) {
  std::vector<Observation> all;
  const auto add = [&](std::vector<Observation> more) { all.insert(all.end(), more.begin(), more.end()); };
  auto enrolment = membership::LoadEnrolment(config.state);
  const bool uses = config.collector != agent::CollectorUse::kNone;
  const bool member = uses && enrolment && *enrolment;
  add({ExamineConfiguration(config, member ? Keys::kOfCollector : Keys::kOfFile),
       doctor::ExamineState(config)});
  std::optional<WallTime> there;
  if (!enrolment) {
    all.push_back({"membership", Verdict::kFinding, enrolment.error().message + "."});
  } else if (member) {
    all.push_back({"membership", Verdict::kGood,
                   "This host is agent " + (*enrolment)->agent + " of " + (*enrolment)->url + "."});
    add(doctor::ExamineCollector(**enrolment, there));
  } else {
    const bool must = config.collector == agent::CollectorUse::kRequired;
    all.push_back({"membership", must ? Verdict::kFinding : Verdict::kNote,
                   must ? "It must have a collector and isn't enrolled: `postern-agent enroll`."
                        : "This is a lone host."});
  }
  add({doctor::ExamineClock(WallNow(), there)});
  const doctor::Host host = member ? doctor::Host::kMember : doctor::Host::kLone;
  add(ExamineRunning(config, host));
  const std::string settings = call.arguments.ValueOr("settings", std::string(kManagedSettings));
  add({doctor::ExamineManagedSettings(doctor::ReadManagedSettings(settings), PortOf(config), host)});
  return all;
}

int Doctor(const Invocation& call) {
  const auto config = LoadConfig(call);
  if (!config) return call.Fail(config.error());
  const std::vector<Observation> all = Examine(call, *config);
  command_line::Table table({{"WHAT"}, {"VERDICT"}, {"WHY"}});
  for (const Observation& each : all) {
    if (call.arguments.Has("json")) {
      call.out << "{\"what\":" << JsonString(each.subject)
               << ",\"verdict\":" << JsonString(doctor::Name(each.verdict))
               << ",\"sentence\":" << JsonString(each.sentence) << "}\n";
    } else {
      table.Add({each.subject, std::string(doctor::Name(each.verdict)), each.sentence});
    }
  }
  if (!call.arguments.Has("json")) table.Print(call.out);
  const bool finding = std::any_of(all.begin(), all.end(),
                                   [](const Observation& each) { return each.verdict == Verdict::kFinding; });
  return finding ? command_line::kRefused : command_line::kDone;
}

}  // namespace

std::vector<command_line::Command> DoctorCommands() {
  return {{.name = "doctor",
           .sentence = "Looks at all that the agent on this host needs; 1 where something is to be mended.",
           .details = "Configuration and the files that it names, state directory, clock, ports, collector, "
                      "and whether Claude Code's managed settings send it here. Nothing is changed.",
           .options = {kConfigOption,
                       {.name = "settings",
                        .value = "DIR",
                        .sentence = "Where Claude Code's managed settings are (default /etc/claude-code).",
                        .completes = command_line::Completes::kDirectories},
                       kJsonOption},
           .run = Doctor}};
}

}  // namespace postern::commands
