#include "tests/bench/command.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "shared/base/log.h"
#include "tests/bench/arena.h"
#include "tests/bench/profile.h"
#include "tests/bench/report.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage = R"(usage: postern-bench [options]
  --only PREFIX       only rows whose name begins so; may be repeated
  --quick             three short repetitions: to see that it works, not to quote
  --repetitions N     of each contestant (10)
  --list              names of all rows
  --profile ROW       the largest costs of the agent under that row's load
  --json              rows as JSON on standard output instead of a table
  --output FILE       where results go (build/bench/results.json)
  --directory DIR     scratch space, on a real disk (build/bench/work)
  --ours NAME         agent (default), nginx or haproxy: nginx against nginx shows the noise
  --agent PROGRAM     postern-agent (default: beside this program)
  --upstream PROGRAM  the simulated provider (default: postern-provider beside this program)
  --models FILE       the agent's price table (config/models.yaml)
  --help
)";

struct Options {
  Settings settings;
  std::vector<std::string> only;
  std::string profile;
  fs::path output = "build/bench/results.json";
  bool is_list = false;
  bool is_json = false;
  bool is_help = false;
};

fs::path Beside(const char* program) {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / program;
}

Options Defaults() {
  Options options;
  Site& site = options.settings.site;
  site.directory = "build/bench/work";
  site.agent_program = Beside("postern-agent");
  site.upstream_program = Beside("postern-provider");
  site.models = "config/models.yaml";
  return options;
}

void MakeQuick(Settings& settings) {
  settings.repetitions = 3;
  settings.seconds = 0.2;
  settings.instruction_requests = 320;
}

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options = Defaults();
  Site& site = options.settings.site;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    if (option == "--quick") MakeQuick(options.settings);
    else if (option == "--list") options.is_list = true;
    else if (option == "--json") options.is_json = true;
    else if (option == "--help") options.is_help = true;
    else if (i + 1 == arguments.size())
      return Error{ErrorCode::kInvalid, option + " is unknown or wants a value"};
    else if (const std::string& value = arguments[++i]; option == "--only") options.only.push_back(value);
    else if (option == "--repetitions") options.settings.repetitions = std::max(1, std::atoi(value.c_str()));
    else if (option == "--profile") options.profile = value;
    else if (option == "--output") options.output = value;
    else if (option == "--directory") site.directory = value;
    else if (option == "--ours") options.settings.ours = value;
    else if (option == "--agent") site.agent_program = value;
    else if (option == "--upstream") site.upstream_program = value;
    else if (option == "--models") site.models = value;
    else return Error{ErrorCode::kInvalid, option + " is unknown"};
  }
  return options;
}

bool IsWanted(const Options& options, const std::string& name) {
  return options.only.empty() ||
         std::any_of(options.only.begin(), options.only.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

Status PrepareSite(Site& site) {
  std::error_code error;
  fs::remove_all(site.directory, error);
  fs::create_directories(site.directory, error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot make " + site.directory.string()};
  site.directory = fs::absolute(site.directory);
  site.models = fs::absolute(site.models);
  return MakeCertificate(site);
}

// False when a trial failed; what it said is on standard error.
bool RunTrials(const Options& options, Arena& arena) {
  fs::create_directories(fs::absolute(options.output).parent_path());
  std::ofstream results(options.output, std::ios::trunc);
  std::ostream& people = options.is_json ? std::cerr : std::cout;
  people << DescribeMachine() << "; ours: " << arena.settings().ours
         << "; upstream: " << arena.settings().site.upstream_program.filename().string() << "; medians of "
         << arena.settings().repetitions << " interleaved repetitions, ratios pair by pair\n"
         << TableHeader() << std::endl;
  bool all_measured = true;
  for (const Trial& trial : AllTrials()) {
    if (std::none_of(trial.names.begin(), trial.names.end(),
                     [&](const std::string& name) { return IsWanted(options, name); }))
      continue;
    const auto rows = trial.run(arena);
    if (WasInterrupted()) return false;
    if (!rows) {
      std::cerr << trial.names.front() << ": " << rows.error().message << std::endl;
      all_measured = false;
      continue;
    }
    for (const Row& row : *rows) {
      if (!IsWanted(options, row.name)) continue;
      results << JsonLine(row) << std::endl;
      std::cout << (options.is_json ? JsonLine(row) : TableLine(row)) << std::endl;
    }
  }
  return all_measured;
}

}  // namespace

int RunCommand(const std::vector<std::string>& arguments) {
  auto options = ParseOptions(arguments);
  if (!options || options->is_help) {
    if (!options) std::cerr << options.error().message << "\n";
    (options ? std::cout : std::cerr) << kUsage;
    return options ? 0 : 2;
  }
  if (options->is_list) {
    for (const Trial& trial : AllTrials()) {
      for (const std::string& name : trial.names) std::cout << name << "\n";
    }
    return 0;
  }
  ConfigureLog(Level::kError, LogFormat::kText);  // a line for each of a thousand agents says nothing here
  StopOnInterrupt();
  if (const Status ready = PrepareSite(options->settings.site); !ready) {
    std::cerr << ready.error().message << "\n";
    return 1;
  }
  Arena arena(options->settings);
  if (options->profile.empty()) return RunTrials(*options, arena) ? 0 : 1;
  const auto profile = Profile(arena, options->profile);
  if (!profile) std::cerr << profile.error().message << "\n";
  else std::cout << *profile;
  return profile ? 0 : 1;
}

}  // namespace postern::bench
