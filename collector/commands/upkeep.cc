#include "collector/commands/upkeep.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ostream>

#include "collector/backup.h"
#include "collector/chronicle/verify_chains.h"
#include "collector/commands/options.h"
#include "collector/control/ask.h"
#include "collector/intake/recovery.h"
#include "collector/policy/version.h"
#include "collector/state.h"
#include "collector/store/rocks_store.h"
#include "collector/treasury/rows.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::collector::commands {
namespace {

using command_line::kDone;
using command_line::kRefused;

struct Findings {
  std::vector<std::string> problems;
  chronicle::ChainsVerdict chains;
};

// The keys of the collector whose database it is; none where only a copy of it is at hand.
struct KnownKeys {
  std::optional<crypto::PublicKey> log_key;
  std::vector<crypto::PublicKey> policy_keys;
};

Result<Findings> CheckStore(const std::string& directory, const KnownKeys& keys, std::ostream& err) {
  if (!std::filesystem::is_directory(directory))
    return Error{ErrorCode::kNotFound, directory + " isn't there: there is no database to check"};
  ASSIGN_OR_RETURN(const auto store, store::OpenRocksStore({.directory = directory}));
  Findings findings;
  ProgressLines compared(err, "comparing what is kept twice");
  ASSIGN_OR_RETURN(findings.problems,
                   store->Check([&](uint64_t done, uint64_t total) { compared.Show(done, total); }));
  ProgressLines verified(err, "verifying the chains");
  const auto show = [&](uint64_t done, uint64_t total) { verified.Show(done, total); };
  ASSIGN_OR_RETURN(findings.chains,
                   chronicle::VerifyChains(*store, show, keys.log_key ? &*keys.log_key : nullptr));
  ASSIGN_OR_RETURN(const auto versions, policies::CheckVersions(*store, keys.policy_keys));
  findings.problems.insert(findings.problems.end(), versions.begin(), versions.end());
  ASSIGN_OR_RETURN(const auto money, treasury::CheckRows(*store));
  findings.problems.insert(findings.problems.end(), money.begin(), money.end());
  return findings;
}

int Report(const Invocation& call, const Findings& findings) {
  const auto& chains = findings.chains;
  const bool sound = findings.problems.empty() && chains.sound();
  if (call.arguments.Has("json")) {
    json::Writer writer;
    writer.BeginObject()
        .Boolean("sound", sound)
        .Integer("entries", chains.entries)
        .Integer("bodies", chains.bodies)
        .Integer("chains", chains.chains)
        .Texts("problems", findings.problems)
        .Texts("chain_problems", chains.problems)
        .Integer("more_chain_problems", chains.more_problems)
        .EndObject();
    call.out << writer.Take() << '\n';
    return sound ? kDone : kRefused;
  }
  call.out << (sound ? "The database is sound.\n" : "The database is NOT sound.\n");
  for (const std::string& problem : findings.problems) call.out << "  " << problem << '\n';
  for (const std::string& problem : chains.problems) call.out << "  " << problem << '\n';
  if (chains.more_problems > 0) call.out << "  and " << chains.more_problems << " more of the chains\n";
  call.out << "  " << chains.entries << " entries, " << chains.bodies << " of them with their event, in "
           << chains.chains << " chains\n";
  return sound ? kDone : kRefused;
}

int Check(const Invocation& call) {
  const auto config = LoadConfig(call);
  if (!config) return call.Fail(config.error());
  std::string directory = StoreDirectory(*config);
  std::optional<StateLock> lock;
  KnownKeys keys;
  if (call.word_count() > 0) {
    directory = std::filesystem::path(call.word(0)) / "store";
  } else {
    auto taken = StateLock::Take(*config);
    if (!taken) return call.Fail(taken.error());
    lock.emplace(*std::move(taken));
    const auto keyring = LoadKeyring(*config);
    if (!keyring) return call.Fail(keyring.error());
    keys = {keyring->log_key.public_key(), {keyring->policy_key.public_key()}};
  }
  const auto findings = CheckStore(directory, keys, call.err);
  return findings ? Report(call, *findings) : call.Fail(findings.error());
}

Status RecoverState(const Invocation& call) {
  ASSIGN_OR_RETURN(const CollectorConfig config, LoadConfig(call));
  ASSIGN_OR_RETURN(const auto state, OpenState(config, "recover", chronicle::Beginning::kNewIncarnation));
  ASSIGN_OR_RETURN(const intake::Recovered recovered, intake::Recover(*state->store, *state->directory));
  if (call.arguments.Has("json")) {
    json::Writer writer;
    writer.BeginObject()
        .Integer("epoch", recovered.epoch)
        .Integer("revision", recovered.revision)
        .Integer("old_log_size", recovered.old_log_size)
        .Text("sentence", recovered.sentence)
        .EndObject();
    call.out << writer.Take() << '\n';
    return Ok{};
  }
  call.out << recovered.sentence << "\nIt is epoch " << recovered.epoch
           << " now. Start the collector: agents send again what they still keep.\n";
  return Ok{};
}

int Recover(const Invocation& call) {
  const Status done = RecoverState(call);
  return done ? kDone : call.Fail(done.error());
}

// By the collector that runs, or here where none does.
Result<std::string> MakeBackup(const CollectorConfig& config, const std::string& directory) {
  auto answer = control::Ask(config.socket(), "backup", directory, {});
  if (answer || answer.error().code != ErrorCode::kNotFound) return answer;
  ASSIGN_OR_RETURN(const StateLock lock, StateLock::Take(config));
  RETURN_IF_ERROR(LoadKeyring(config));
  ASSIGN_OR_RETURN(const auto store, store::OpenRocksStore({.directory = StoreDirectory(config)}));
  return Backup(config, *store, directory);
}

int RunBackup(const Invocation& call) {
  const auto config = LoadConfig(call);
  if (!config) return call.Fail(config.error());
  const std::string directory = std::filesystem::absolute(call.word(0)).lexically_normal();
  const auto made = MakeBackup(*config, directory);
  if (!made) return call.Fail(made.error());
  if (call.arguments.Has("json")) {
    call.out << *made << '\n';
    return kDone;
  }
  call.out << "The backup is in " << directory << ".\n";
  call.err << "The master key is not in it: keep a copy of " << config->master_key().string() << " apart.\n";
  return kDone;
}

// Who doesn't run can't be reached.
Result<std::string> AskRunning(const Invocation& call) {
  ASSIGN_OR_RETURN(const CollectorConfig config, LoadConfig(call));
  auto answer = control::Ask(config.socket(), std::string(call.command.name), "", {});
  if (!answer && answer.error().code == ErrorCode::kNotFound)
    return Error{ErrorCode::kUnavailable, answer.error().message};
  if (!answer && answer.error().code == ErrorCode::kInvalid)
    return Error{ErrorCode::kDenied, answer.error().message};
  return answer;
}

void PrintRows(std::ostream& out, const json::Object& object) {
  for (const auto& [name, value] : object.Fields()) {
    std::string label = name;
    std::replace(label.begin(), label.end(), '_', ' ');
    json::Writer writer;
    writer.Copy(value);
    const auto text = value.AsText();
    constexpr size_t kWidth = 18;
    out << label << std::string(std::max(kWidth, label.size()) + 1 - label.size(), ' ')
        << (text ? *text : writer.Take()) << '\n';
  }
}

int ShowStatus(const Invocation& call) {
  const auto answer = AskRunning(call);
  if (!answer) return call.Fail(answer.error());
  const auto value = json::Parse(*answer);
  const auto object = value ? value->AsOpenObject() : Result<json::Object>(value.error());
  const auto restored = object ? object->Boolean("restored") : Result<bool>(object.error());
  if (!restored) return call.Fail({ErrorCode::kCorrupt, "the collector's answer is not understood"});
  if (call.arguments.Has("json")) {
    call.out << *answer << '\n';
  } else {
    PrintRows(call.out, *object);
  }
  if (!*restored) return kDone;
  call.err << "It was restored from a backup, as agents have proved: nothing is acknowledged until it is "
              "stopped and "
              "postern-collector recover has been run.\n";
  return kRefused;
}

int Reload(const Invocation& call) {
  const auto answer = AskRunning(call);
  if (!answer) return call.Fail(answer.error());
  call.out << "configuration and certificate read again\n";
  return kDone;
}

}  // namespace

std::vector<command_line::Command> UpkeepCommands() {
  return {
      {.name = "check",
       .words = "[DIR]",
       .sentence = "Reads the whole database, or that of a backup, and says what is wrong with it.",
       .details =
           "Compares what is kept twice, and verifies every event against its hash, every chain against its "
           "seals. No collector may run on it. Exit code 1 where there is a problem.",
       .options = {kConfigOption, kJsonOption},
       .run = Check},
      {.name = "backup",
       .words = "DIR",
       .sentence =
           "Copies the database as of one moment, and the keys but for the master key; a collector may run.",
       .details = "To restore: stop the collector, put what is in DIR into an empty state directory, the "
                  "master key to "
                  "its place, and run PROGRAM recover before PROGRAM run.",
       .options = {kConfigOption, kJsonOption},
       .run = RunBackup},
      {.name = "recover",
       .sentence =
           "After a backup was restored: begins a new epoch, so that agents send again what is missing.",
       .details =
           "A collector that finds out from its agents that it was restored acknowledges and issues nothing "
           "until this has been done. It may be repeated.",
       .options = {kConfigOption, kJsonOption},
       .run = Recover},
      {.name = "status",
       .sentence = "Asks the running collector how it is; 1 where it waits for recover.",
       .options = {kConfigOption, kJsonOption},
       .run = ShowStatus},
      {.name = "reload",
       .sentence =
           "Lets the running collector read its certificate and what is logged again, as SIGHUP does.",
       .options = {kConfigOption},
       .run = Reload},
  };
}

}  // namespace postern::collector::commands
