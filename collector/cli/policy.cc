#include "collector/cli/policy.h"

#include <ostream>

#include "collector/cli/api.h"
#include "collector/cli/made_version.h"
#include "collector/cli/output.h"
#include "collector/cli/policy_explain.h"
#include "collector/cli/policy_file.h"
#include "collector/cli/policy_output.h"
#include "collector/cli/profile.h"
#include "collector/cli/reach.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

using command_line::Completes;
using command_line::Join;
using command_line::kDone;
using command_line::kRefused;
using command_line::Need;

constexpr const char* kYaml = "text/yaml";

rest::Call CallWith(const std::string& method, const std::string& path, std::string body,
                    const std::string& type) {
  return {.method = method, .path = path, .body = std::move(body), .content_type = type};
}

bool IsGood(const json::Value& answer) {
  const std::string outcome = Cell(answer, "outcome");
  return outcome == "good" || outcome == "unchanged";
}

// Whether somebody has logged in, so that there is a collector to ask.
bool HasProfile() { return LoadProfile(ProcessEnvironment).has_value(); }

int CheckOffline(const Invocation& call, const std::string& text, const std::string& file) {
  const auto check = CheckLocally(text, file, call.arguments.ValueOr("models", ""));
  if (!check) return call.Fail(check.error());
  if (call.arguments.Has("json")) {
    call.out << check->json << '\n';
    return check->good ? kDone : kRefused;
  }
  const auto answer = json::Parse(check->json);
  if (answer) PrintProblems(call.out, *answer, file);
  if (check->good) call.out << file << " is a policy.\n";
  for (const std::string& sentence : check->not_checked) call.err << "Not checked: " << sentence << ".\n";
  return check->good ? kDone : kRefused;
}

int Check(const Invocation& call) {
  const std::string& file = call.word(0);
  const auto text = ReadText(call, file);
  if (!text) return call.Fail(text.error());
  if (IsSigned(*text)) return call.Fail({ErrorCode::kInvalid, "it is signed already; apply checks it"});
  if (call.arguments.Has("offline") || !HasProfile()) return CheckOffline(call, *text, file);
  const auto api = Api::Open();
  if (!api) return call.Fail(api.error());
  const auto answer = api->Ask(CallWith("POST", "/v1/policy/check", *text, kYaml));
  if (!answer) return call.Fail(answer.error());
  if (answer->refused()) return call.Fail(answer->error());
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer->body) << '\n';
  } else {
    PrintProblems(call.out, answer->body, file);
    if (IsGood(answer->body)) call.out << file << " is a policy.\n";
  }
  return IsGood(answer->body) ? kDone : kRefused;
}

int Diff(const Invocation& call) {
  const std::string& file = call.word(0);
  const auto text = ReadText(call, file);
  if (!text) return call.Fail(text.error());
  const auto api = Api::Open();
  if (!api) return call.Fail(api.error());
  const auto answer = api->Ask(CallWith("POST", "/v1/policy/diff", *text, kYaml));
  if (!answer) return call.Fail(answer.error());
  if (answer->refused()) return call.Fail(answer->error());
  const bool wrong = Cell(answer->body, "outcome") == "wrong";
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer->body) << '\n';
    return wrong ? kRefused : kDone;
  }
  PrintProblems(call.err, answer->body, file);
  if (!wrong) PrintChanges(call.out, answer->body, "changes");
  return wrong ? kRefused : kDone;
}

int Apply(const Invocation& call) {
  const std::string& file = call.word(0);
  auto text = ReadText(call, file);
  if (!text) return call.Fail(text.error());
  const bool is_signed = IsSigned(*text);
  if (is_signed) {
    text = Unarmoured(*text);
    if (!text) return call.Fail(text.error());
  }
  const auto base = call.arguments.Number("based-on", 1, UINT64_MAX / 2);
  if (!base) return call.Fail(base.error());
  rest::Call apply =
      CallWith("PUT", "/v1/policy", *std::move(text), is_signed ? "application/octet-stream" : kYaml);
  if (*base) apply.query.emplace_back("based_on", std::to_string(**base));
  if (call.arguments.Has("force")) apply.query.emplace_back("force", "true");
  return MakeVersion(call, apply, file);
}

int Rollback(const Invocation& call) {
  const auto version = VersionIn(call.word(0));
  if (!version) return call.Fail(version.error());
  json::Writer body;
  body.BeginObject().Integer("version", *version).Boolean("force", call.arguments.Has("force")).EndObject();
  return MakeVersion(call, CallWith("POST", "/v1/policy/rollback", body.Take(), "application/json"),
                     "version " + std::to_string(*version));
}

Status ShowPolicy(const Invocation& call) {
  std::string path = "/v1/policy";
  if (call.word_count() > 0) {
    ASSIGN_OR_RETURN(const uint64_t version, VersionIn(call.word(0)));
    path += "/versions/" + std::to_string(version);
  }
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Get(path));
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer) << '\n';
    return Ok{};
  }
  ASSIGN_OR_RETURN(const json::Object document, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const std::string source, document.Text("source"));
  call.out << source;
  return Ok{};
}

Status History(const Invocation& call) {
  static const std::vector<FieldColumn> columns{{{"VERSION", command_line::Align::kRight}, "version"},
                                                {{"MADE"}, "made"},
                                                {{"AUTHOR"}, "author"},
                                                {{"HOW"}, "how"},
                                                {{"KEY"}, "key_id"}};
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ListPrinter printer(call, columns);
  RETURN_IF_ERROR(api.EachPage("/v1/policy/versions", {}, [&](const Api::Items& items) {
    printer.Add(items);
    return call.out.good();
  }));
  printer.Finish();
  return Ok{};
}

std::vector<command_line::Command> TextCommands() {
  return {
      {.name = "policy check",
       .words = "FILE",
       .sentence = "Says what is wrong with a policy's text, or is probably not meant; changes nothing.",
       .details =
           "Exit code 1 where there is something that apply would refuse. Where nobody is logged in, or with "
           "--offline, it asks no collector, and says what it could not check.",
       .options = {{.name = "offline", .sentence = "Asks no collector."},
                   {.name = "models",
                    .value = "FILE",
                    .sentence = "With --offline: a price table, so that models are checked too.",
                    .completes = Completes::kFiles},
                   kJsonOption},
       .run = Check},
      {.name = "policy diff",
       .words = "FILE",
       .sentence = "Shows what a policy's text would change, and for whom; changes nothing.",
       .options = {kJsonOption},
       .run = Diff},
      {.name = "policy apply",
       .words = "FILE",
       .sentence = "Makes a policy's text the next version, which every agent enforces from then on.",
       .details =
           "A text that begins with the line that show prints is a change of that version; so is one with "
           "--based-on. Where another version is in force by then it is refused, with what has changed "
           "since.\n\n"
           "  PROGRAM policy show > policy.yaml\n  PROGRAM policy apply policy.yaml\n\n"
           "A file that policy sign wrote is applied as it was signed.",
       .options =
           Join({{.name = "based-on", .value = "VERSION", .sentence = "The version that it is a change of."},
                 kForceOption},
                Join(PolicyWaitOptions(), {kJsonOption})),
       .run = Apply},
      {.name = "policy show",
       .words = "[VERSION]",
       .sentence = "Prints the text of the policy in force, or of an earlier version.",
       .options = {kJsonOption},
       .run = Run<ShowPolicy>},
      {.name = "policy history",
       .sentence = "Shows all versions, the newest first: when, by whom, and how.",
       .options = {kJsonOption},
       .run = Run<History>},
      {.name = "policy rollback",
       .words = "VERSION",
       .sentence = "Makes the text of an earlier version the next one.",
       .options = Join({kForceOption}, Join(PolicyWaitOptions(), {kJsonOption})),
       .run = Rollback},
  };
}

std::vector<command_line::Command> SigningCommands() {
  return {
      {.name = "policy keygen",
       .words = "FILE",
       .sentence = "Makes a key for signing policies away from the collector, and prints its public half.",
       .details = "As openssl genpkey -algorithm ed25519 does, with mode 0600. Name the public half in "
                  "collector.yaml "
                  "and in every agent.yaml (policy: key): from then on only what is signed with it counts.",
       .options = {kJsonOption},
       .run = MakePolicyKey},
      {.name = "policy sign",
       .words = "FILE",
       .sentence = "Reads and signs a policy's text here, and writes what apply takes.",
       .details = "It is signed as the next version of one collector, which is asked for both; on a machine "
                  "that can't "
                  "reach it, say them.",
       .options = {{.name = "key",
                    .value = "KEY",
                    .sentence = "The file that policy keygen wrote.",
                    .completes = Completes::kFiles,
                    .need = Need::kRequired},
                   {.name = "output",
                    .value = "OUT",
                    .sentence = "Where it is written; standard output where it is left out.",
                    .completes = Completes::kFiles},
                   {.name = "version",
                    .value = "N",
                    .sentence = "The number of the next version (next in policy show --json)."},
                   {.name = "collector",
                    .value = "ID",
                    .sentence = "The collector's id (collector in policy show --json)."},
                   {.name = "author", .value = "NAME", .sentence = "Whose change it is."},
                   {.name = "fingerprint-key",
                    .value = "KEY",
                    .sentence =
                        "The collector's key for fingerprints of secrets (fingerprint_key in policy show "
                        "--json), where the collector isn't asked."},
                   kJsonOption},
       .run = SignPolicy},
  };
}

}  // namespace

std::vector<command_line::Command> PolicyCommands() {
  std::vector<command_line::Command> commands = TextCommands();
  for (auto& more : {SigningCommands(), ExplainCommands()})
    commands.insert(commands.end(), more.begin(), more.end());
  return commands;
}

}  // namespace postern::cli
