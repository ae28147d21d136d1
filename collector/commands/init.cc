#include "collector/commands/init.h"

#include <cstdlib>
#include <ostream>

#include <sys/utsname.h>

#include "collector/commands/options.h"
#include "collector/state.h"
#include "shared/crypto/locked_secret.h"
#include "shared/crypto/wiped.h"
#include "shared/json/writer.h"

namespace postern::collector::commands {
namespace {

std::vector<std::string> CertificateNames(const Invocation& call) {
  std::vector<std::string> names = call.arguments.List("name");
  if (!names.empty()) return names;
  utsname system{};
  names = {"localhost", "127.0.0.1", "::1"};
  if (uname(&system) == 0 && system.nodename[0] != '\0') names.insert(names.begin(), system.nodename);
  return names;
}

std::string AdministratorName(const Invocation& call) {
  const char* user = std::getenv("USER");
  return call.arguments.ValueOr("administrator", user == nullptr ? "administrator" : user);
}

Result<directory::IssuedAdministrator> MakeAdministrator(State& state, const std::string& name) {
  return state.directory->administrators().Create(directory::Actor::Local("postern-collector"),
                                                  {.name = name, .role = wire::ROLE_ADMIN, .user = {}});
}

void PrintJson(const Invocation& call, const State& state, const directory::IssuedAdministrator& issued) {
  json::Writer writer;
  writer.BeginObject()
      .Text("collector", state.keyring.collector)
      .Text("fingerprint", state.keyring.fingerprint)
      .Text("administrator", issued.record.id())
      .Text("name", issued.record.name())
      .Text("text", issued.text)
      .EndObject();
  std::string text = writer.Take();
  const crypto::WipeAtEnd wipe(text);
  call.out << text << std::endl;
}

void PrintToken(const Invocation& call, const State& state, const directory::IssuedAdministrator& issued) {
  if (call.arguments.Has("json")) return PrintJson(call, state, issued);
  call.out << issued.text << std::endl;
  call.err
      << "That is the token of the administrator " << issued.record.name()
      << ". This is the only time that it is shown.\n\nThe certificate key's fingerprint, by which hosts and "
         "people know this collector:\n  "
      << state.keyring.fingerprint << "\n";
}

void PrintNextSteps(const Invocation& call, const CollectorConfig& config, const State& state) {
  if (call.arguments.Has("json")) return;
  call.err << "\nNext, with the token in a file:\n  postern-collector run --config "
           << ConfigFile(call).string()
           << "\n  postern login https://HOST:" << config.listen.substr(config.listen.rfind(':') + 1)
           << " --fingerprint " << state.keyring.fingerprint << " --token-file FILE\n\nKeep a copy of "
           << config.master_key().string()
           << " apart from all backups: without it no provider credential can be read again.\n";
}

Status Init(const Invocation& call) {
  ASSIGN_OR_RETURN(const CollectorConfig config, LoadConfig(call));
  RETURN_IF_ERROR(crypto::DisableCoreDumps());
  ASSIGN_OR_RETURN(StateLock lock, StateLock::Take(config));
  if (IsInitialised(config)) {
    return Error{ErrorCode::kDenied,
                 config.state.string() +
                     " holds a collector already, which stays as it is; for another token see "
                     "postern-collector administrator"};
  }
  ASSIGN_OR_RETURN(Keyring keyring, MakeKeyring(config, CertificateNames(call)));
  ASSIGN_OR_RETURN(const auto state, OpenState(config, std::move(lock), std::move(keyring), "init",
                                               chronicle::Beginning::kGoOn));
  ASSIGN_OR_RETURN(auto issued, MakeAdministrator(*state, AdministratorName(call)));
  const crypto::WipeAtEnd wipe(issued.text);
  // Shown before the state counts as initialised: killed in between, init can be run again.
  PrintToken(call, *state, issued);
  RETURN_IF_ERROR(FinishInitialising(config, state->keyring));
  PrintNextSteps(call, config, *state);
  return Ok{};
}

Status Administrator(const Invocation& call) {
  ASSIGN_OR_RETURN(const CollectorConfig config, LoadConfig(call));
  RETURN_IF_ERROR(crypto::DisableCoreDumps());
  ASSIGN_OR_RETURN(const auto state, OpenState(config, "administrator"));
  ASSIGN_OR_RETURN(auto issued, MakeAdministrator(*state, call.word(0)));
  const crypto::WipeAtEnd wipe(issued.text);
  PrintToken(call, *state, issued);
  return Ok{};
}

int RunInit(const Invocation& call) {
  const Status done = Init(call);
  return done ? command_line::kDone : call.Fail(done.error());
}

int RunAdministrator(const Invocation& call) {
  const Status done = Administrator(call);
  return done ? command_line::kDone : call.Fail(done.error());
}

}  // namespace

std::vector<command_line::Command> InitCommands() {
  return {
      {.name = "init",
       .sentence = "Makes a collector: its keys, its certificate, its database and the first administrator.",
       .details = "The administrator's token is printed once, with the fingerprint of the certificate's key. "
                  "A second "
                  "init is refused.",
       .options = {{.name = "name",
                    .value = "NAME,…",
                    .sentence =
                        "Host names and addresses that the certificate is for; this host's own and localhost "
                        "where it is left out."},
                   {.name = "administrator",
                    .value = "NAME",
                    .sentence = "What the first administrator is called; $USER where it is left out."},
                   kConfigOption,
                   kJsonOption},
       .run = RunInit},
      {.name = "administrator",
       .words = "NAME",
       .sentence =
           "Makes a token with the role admin while no collector runs: for who has lost the last one.",
       .options = {kConfigOption, kJsonOption},
       .run = RunAdministrator},
  };
}

}  // namespace postern::collector::commands
