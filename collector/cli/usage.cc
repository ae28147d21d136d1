#include "collector/cli/usage.h"

#include <ostream>

#include "collector/cli/event_row.h"
#include "collector/cli/filters.h"
#include "collector/cli/output.h"

namespace postern::cli {
namespace {

using command_line::Align;
using command_line::Table;

constexpr std::string_view kSums[] = {"requests", "input", "output", "cache_read", "cache_write"};

void AddSums(const json::Value& record, std::vector<std::string>& cells) {
  for (const std::string_view sum : kSums) cells.push_back(Cell(record, sum));
  int64_t nano_dollars = 0;
  if (const auto object = record.AsOpenObject()) {
    nano_dollars = object->Integer("nano_dollars", INT64_MIN, INT64_MAX).value_or(0);
  }
  cells.push_back(FormatDollars(nano_dollars));
}

// The names are kept by whoever owns `by`.
Table TableFor(const std::vector<std::string>& by, std::vector<std::string>& names) {
  for (std::string name : by) {
    for (char& c : name) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    names.push_back(std::move(name));
  }
  std::vector<command_line::Column> columns;
  for (const std::string& name : names) columns.push_back({name});
  for (const char* name : {"REQUESTS", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "COST"})
    columns.push_back({name, Align::kRight});
  return Table(std::move(columns));
}

Status ShowUsage(const Invocation& call) {
  ASSIGN_OR_RETURN(Query query, FilterQuery(call));
  query.emplace_back("by", call.arguments.ValueOr("by", "user,model"));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value answer, api.Get("/v1/usage", query));
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer) << '\n';
    return Ok{};
  }
  ASSIGN_OR_RETURN(const json::Object usage, answer.AsOpenObject());
  ASSIGN_OR_RETURN(const std::vector<std::string> by, usage.Texts("by"));
  ASSIGN_OR_RETURN(const json::Value row_list, usage.Require("rows"));
  ASSIGN_OR_RETURN(const auto rows, row_list.AsList());
  ASSIGN_OR_RETURN(const json::Value total, usage.Require("total"));
  std::vector<std::string> names;
  Table table = TableFor(by, names);
  for (const json::Value& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& name : by) cells.push_back(Cell(row, name));
    AddSums(row, cells);
    table.Add(std::move(cells));
  }
  std::vector<std::string> sum(by.size());
  if (!sum.empty()) sum.front() = "total";
  AddSums(total, sum);
  table.Add(std::move(sum));
  table.Print(call.out);
  call.err << "From " << Cell(answer, "from") << " to " << Cell(answer, "to") << ", UTC.\n";
  return Ok{};
}

}  // namespace

std::vector<command_line::Command> UsageCommands() {
  return {{.name = "usage",
           .sentence = "Sums requests, tokens and dollars.",
           .details = "Of the last 30 days where no time is given; times are widened to whole hours.\n\n"
                      "  PROGRAM usage --by team,day --since 7d",
           .options = command_line::Join(
               {{.name = "by",
                 .value = "NAME,…",
                 .sentence =
                     "What the sums are grouped by: organisation, team, user, key, model, host, day, hour; "
                     "user,model where it is left out."}},
               command_line::Join(FilterOptions(), {kJsonOption})),
           .run = Run<ShowUsage>}};
}

}  // namespace postern::cli
