#include "collector/cli/policy_output.h"

#include <ostream>
#include <vector>

#include "collector/cli/limit_amount.h"
#include "collector/cli/output.h"
#include "shared/command_line/table.h"

namespace postern::cli {
namespace {

using command_line::Align;
using command_line::Harmless;
using command_line::Table;

// What the collector calls every text.
constexpr std::string_view kItsName = "policy.yaml:";

std::vector<json::Value> ListOf(const json::Value& value, std::string_view field) {
  const auto object = value.AsOpenObject();
  const auto list = object ? object->Find(field) : std::nullopt;
  return list ? list->AsList().value_or(std::vector<json::Value>()) : std::vector<json::Value>();
}

std::string Joined(const std::string& before, const std::string& between, const std::string& after) {
  return before + (before.empty() || after.empty() ? "" : between) + after;
}

// "loses a, b; gains c", or "32000 → 16000".
std::string ChangeOf(const json::Value& difference) {
  const std::string loses = Cell(difference, "loses");
  const std::string gains = Cell(difference, "gains");
  if (!loses.empty() || !gains.empty())
    return Joined(loses.empty() ? "" : "loses " + loses, "; ", gains.empty() ? "" : "gains " + gains);
  const std::string before = Cell(difference, "before");
  const std::string after = Cell(difference, "after");
  return (before.empty() ? "none" : before) + " → " + (after.empty() ? "none" : after);
}

const char* WeightText(const std::string& weight) {
  if (weight == "needs_force") return "needs --force: ";
  return weight == "note" ? "note: " : "";
}

std::string VerdictOf(const json::Value& explanation) {
  const std::string rule = Cell(explanation, "rule");
  const std::string by = rule.empty() ? "" : ", by " + rule;
  const std::string version = " (version " + Cell(explanation, "version") + ")";
  const std::string aspect = Cell(explanation, "aspect");
  if (!aspect.empty()) return "refused: " + aspect + by + version;
  return (Cell(explanation, "allowed") == "yes" ? "allowed"
                                                : "the policy allows it, and it is refused all the same") +
         by + version;
}

int64_t NumberOf(const json::Value& record, std::string_view field) {
  const auto object = record.AsOpenObject();
  return object ? object->Integer(field, INT64_MIN, INT64_MAX).value_or(0) : 0;
}

// "limit each-day (each user: $100 a day): $4.0000 left, resets 2026-11-24 00:00:00".
void PrintLimitsMet(std::ostream& out, const std::vector<json::Value>& limits) {
  for (const json::Value& met : limits) {
    const std::string unit = Cell(met, "unit");
    std::string line =
        "limit " + Cell(met, "limit") + " (" + Cell(met, "whom") + ": " + Cell(met, "text") + "): ";
    const auto object = met.AsOpenObject();
    const auto standing = object ? object->Find("standing") : std::nullopt;
    if (!standing || standing->is_null()) line += "nothing is spent yet";
    else {
      line += LimitAmountCell(unit, NumberOf(*standing, "left")) + " left";
      if (const std::string resets = Cell(*standing, "resets"); !resets.empty()) line += ", resets " + resets;
    }
    out << Harmless(line) << '\n';
  }
}

}  // namespace

std::string InFile(const std::string& sentence, const std::string& file) {
  if (!sentence.starts_with(kItsName) || file.empty()) return sentence;
  return file + sentence.substr(kItsName.size() - 1);
}

void PrintProblems(std::ostream& out, const json::Value& answer, const std::string& file) {
  for (const json::Value& problem : ListOf(answer, "problems")) {
    std::string sentence = InFile(Cell(problem, "sentence"), file);
    const std::string line = Cell(problem, "line");
    std::string place = file;
    if (!line.empty()) place += ":" + line;
    // One that could not be read names its place itself.
    if (sentence.starts_with(place + ": ")) sentence = sentence.substr(place.size() + 2);
    const std::string rule = Cell(problem, "rule");
    out << Harmless(place) << ": " << WeightText(Cell(problem, "weight"))
        << (rule.empty() ? "" : Harmless(rule) + ": ") << Harmless(sentence) << '\n';
  }
}

void PrintChanges(std::ostream& out, const json::Value& answer, std::string_view field) {
  const auto object = answer.AsOpenObject();
  const auto changes = object ? object->Find(field) : std::nullopt;
  if (!changes) return;
  const auto differences = ListOf(*changes, "differences");
  if (differences.empty()) {
    out << "Nothing changes for anybody.\n";
    return;
  }
  Table table({{"FOR WHOM"}, {"PEOPLE", Align::kRight}, {"KEYS", Align::kRight}, {"MATTER"}, {"CHANGE"}});
  for (const json::Value& difference : differences)
    table.Add({Cell(difference, "who"), Cell(difference, "users"), Cell(difference, "keys"),
               Cell(difference, "matter"), ChangeOf(difference)});
  table.Print(out);
  if (const std::string more = Cell(*changes, "left_out"); !more.empty() && more != "0")
    out << "and " << more << " more\n";
}

namespace {

void PrintSecrets(std::ostream& out, const json::Value& explanation) {
  std::string line = "secrets: " + Cell(explanation, "secrets.action");
  if (const std::string rule = Cell(explanation, "secrets.rule"); !rule.empty())
    line += ", by " + rule + " (" + Cell(explanation, "secrets.level") + ")";
  const std::string restored = Cell(explanation, "secrets.restore");
  line += restored.empty() ? "; originals go back into no tool" : "; originals go back into " + restored;
  if (Cell(explanation, "secrets.answers") == "true") line += "; answers are looked through, too";
  out << Harmless(line) << '\n';
}

}  // namespace

void PrintExplanation(std::ostream& out, const json::Value& explanation) {
  out << Harmless(VerdictOf(explanation)) << '\n';
  for (const json::Value& obstacle : ListOf(explanation, "obstacles"))
    out << "in the way: " << Harmless(obstacle.AsText().value_or("")) << '\n';
  if (const std::string sentence = Cell(explanation, "sentence"); !sentence.empty())
    out << "the client shows: " << Harmless(sentence) << '\n';
  for (const json::Value& tool : ListOf(explanation, "removed_tools"))
    out << "cut out: " << Harmless(Cell(tool, "name") + ", by " + Cell(tool, "rule")) << '\n';
  if (const std::string lowered = Cell(explanation, "max_tokens"); !lowered.empty())
    out << "max_tokens is lowered to " << lowered << ", by " << Harmless(Cell(explanation, "max_tokens_rule"))
        << '\n';
  if (const std::string credentials = Cell(explanation, "credentials"); !credentials.empty())
    out << "credentials: " << Harmless(credentials) << '\n';
  PrintLimitsMet(out, ListOf(explanation, "limits"));
  PrintSecrets(out, explanation);
  const auto statements = ListOf(explanation, "statements");
  if (statements.empty()) return;
  out << '\n';
  Table table({{"ABOUT"}, {"LEVEL"}, {"OF"}, {"SAYS"}, {"RULE"}});
  for (const json::Value& statement : statements)
    table.Add({Cell(statement, "aspect"), Cell(statement, "level"), Cell(statement, "subject"),
               Cell(statement, "word"), Cell(statement, "rule")});
  table.Print(out);
}

}  // namespace postern::cli
