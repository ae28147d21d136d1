#include "collector/cli/program.h"

#include "collector/cli/agents.h"
#include "collector/cli/audit.h"
#include "collector/cli/credentials.h"
#include "collector/cli/freeze.h"
#include "collector/cli/keys.h"
#include "collector/cli/limits.h"
#include "collector/cli/login.h"
#include "collector/cli/people.h"
#include "collector/cli/policy.h"
#include "collector/cli/scan.h"
#include "collector/cli/secrets.h"
#include "collector/cli/usage.h"

namespace postern::cli {
namespace {

constexpr std::string_view kDescription =
    R"(PROGRAM administers a Postern collector over its HTTPS API: who may use Claude Code with which keys and credentials, which hosts have joined, what happened and what it cost.

A token has a role. An admin may do everything; a viewer reads everything and changes nothing; a developer reads what belongs to the own user. Whatever is changed, and whatever is refused, is an event of the collector's own record, with who asked for it and from where.

Secrets are read from files or standard input, never from the command line. Those that are made are printed once.)";

}  // namespace

command_line::Program PosternProgram() {
  command_line::Program program{
      .name = "postern",
      .sentence = "administers a Postern collector: keys, people, hosts, the record and what it cost",
      .description = kDescription,
      .groups = {{"key", "Virtual keys: what people give to Claude Code."},
                 {"user", "People."},
                 {"team", "Teams, and which credentials their keys may use."},
                 {"credential", "Credentials of model providers."},
                 {"agent", "Hosts that have joined, and tokens for more."},
                 {"enrolment", "Tokens by which hosts join."},
                 {"administrator", "Who may call this API, and as what."},
                 {"policy", "What is allowed to whom: one text for the whole organisation."},
                 {"limit",
                  "Budgets and rate limits: what may be spent, what is spent, and who holds the rest."},
                 {"secret", "Secrets that may leave, by their fingerprints."},
                 {"audit", "The record of what happened."}},
      .files = {{"~/.config/postern/profile.yaml",
                 "What login remembers: where the collector is and the token, for its owner alone."},
                {"~/.cache/postern/rules-*", "Compiled rules of scan; may be removed at any time."}},
      .environment = {{"POSTERN_URL", "The collector, instead of the profile's. With it:"},
                      {"POSTERN_TOKEN_FILE", "The file that holds the token."},
                      {"POSTERN_FINGERPRINT", "The fingerprint of the collector's certificate key."},
                      {"POSTERN_CA_FILE", "Authorities to trust instead of the system's."},
                      {"XDG_CONFIG_HOME", "Where the profile is, instead of ~/.config."},
                      {"XDG_CACHE_HOME", "Where compiled rules are kept, instead of ~/.cache."}},
      .examples = {{"postern login https://keep.example.com:4790 --fingerprint 3f0c… --token-file token",
                    "Remembers the collector, once it knows the token."},
                   {"postern credential add main --provider anthropic --value-file anthropic.key",
                    "Adds the organisation's credential."},
                   {"postern team create platform --credential main", "A team whose keys may use it."},
                   {"postern user create alice@example.com --team platform", "A person of that team."},
                   {"postern key create --user alice@example.com", "A key for her, printed once."},
                   {"postern policy apply policy.yaml",
                    "What is allowed to whom, on every host from now on."},
                   {"postern limit set each-day --each user --usd 100 --per day",
                    "A hundred dollars a day for each person."},
                   {"postern audit query --since 2h --user alice@example.com",
                    "What she did in the last two hours."},
                   {"postern usage --by team,day --since 7d", "What each team used each day."},
                   {"postern scan . --format sarif --report findings.sarif",
                    "Secrets in this tree, for a code host's view of findings."}},
  };
  for (auto& commands :
       {LoginCommands(), KeyCommands(), UserCommands(), TeamCommands(), CredentialCommands(), AgentCommands(),
        AdministratorCommands(), PolicyCommands(), LimitCommands(), SecretCommands(), FreezeCommands(),
        AuditCommands(), UsageCommands(), ScanCommands()})
    program.commands.insert(program.commands.end(), commands.begin(), commands.end());
  program.commands.push_back(command_line::ManCommand());
  program.commands.push_back(command_line::CompletionCommand());
  return program;
}

}  // namespace postern::cli
