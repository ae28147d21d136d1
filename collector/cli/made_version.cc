#include "collector/cli/made_version.h"

#include <optional>
#include <ostream>
#include <utility>

#include "collector/cli/api.h"
#include "collector/cli/policy_output.h"
#include "collector/cli/reach.h"

namespace postern::cli {
namespace {

using command_line::kDone;
using command_line::kRefused;

// Why nothing was changed. A policy's refusal says more than a sentence.
int PrintRefusal(const Invocation& call, const Api::Answer& answer, const std::string& file) {
  if (Cell(answer.body, "outcome").empty()) return call.Fail(answer.error());
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer.body) << '\n';
    return kRefused;
  }
  const std::string outcome = Cell(answer.body, "outcome");
  if (outcome == "needs_force") {  // the answer's sentence is that of its first problem
    PrintProblems(call.err, answer.body, file);
    call.err << "Nothing was changed: with --force it would be.\n";
    return kRefused;
  }
  Error error = answer.error();
  error.message = InFile(error.message, file);
  call.Fail(error);
  if (outcome != "stale") return kRefused;  // of what is wrong the sentence says it all
  PrintProblems(call.err, answer.body, file);
  call.err << "\nWhat has changed since:\n";
  PrintChanges(call.err, answer.body, "missed");
  call.err << "\nWhat this would change:\n";
  PrintChanges(call.err, answer.body, "changes");
  return kRefused;
}

void PrintApplied(const Invocation& call, const json::Value& answer, const std::string& file) {
  PrintProblems(call.err, answer, file);
  const bool unchanged = Cell(answer, "unchanged") == "yes";
  call.out << "Version " << Cell(answer, "policy.version")
           << (unchanged ? " is in force already, with the same text.\n" : " is in force.\n");
  if (!unchanged) PrintChanges(call.out, answer, "changes");
}

}  // namespace

int MakeVersion(const Invocation& call, const rest::Call& request, const std::string& file) {
  std::optional<Api::Answer> refusal;
  const auto make = [&](const Api& api, const Query& query) -> Result<json::Value> {
    rest::Call made = request;
    if (call.arguments.Has("wait")) made.query.insert(made.query.end(), query.begin(), query.end());
    ASSIGN_OR_RETURN(Api::Answer answer, api.Ask(made));
    if (!answer.refused()) return std::move(answer.body);
    refusal = std::move(answer);
    return refusal->error();
  };
  const Status made =
      MakeChange(call, {.kind = "policy", .id = {}, .make = make, .print = [&](const json::Value& answer) {
                          PrintApplied(call, answer, file);
                        }});
  if (refusal) return PrintRefusal(call, *refusal, file);
  return made ? kDone : call.Fail(made.error());
}

}  // namespace postern::cli
