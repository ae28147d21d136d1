#include "collector/cli/limit_table.h"

#include <ostream>
#include <string>

#include "collector/cli/limit_amount.h"
#include "collector/cli/output.h"
#include "shared/command_line/table.h"

namespace postern::cli {
namespace {

using command_line::Align;
using command_line::Harmless;
using command_line::Table;

std::vector<json::Value> ListOf(const json::Value& value, std::string_view field) {
  const auto object = value.AsOpenObject();
  const auto list = object ? object->Find(field) : std::nullopt;
  return list ? list->AsList().value_or(std::vector<json::Value>()) : std::vector<json::Value>();
}

int64_t NumberOf(const json::Value& record, std::string_view field) {
  const auto object = record.AsOpenObject();
  return object ? object->Integer(field, INT64_MIN, INT64_MAX).value_or(0) : 0;
}

std::string AmountOf(const std::string& unit, const json::Value& record, std::string_view field) {
  return LimitAmountCell(unit, NumberOf(record, field));
}

std::string MarkOf(const json::Value& account) {
  const int64_t passed = NumberOf(account, "passed");
  if (passed >= 100) return "spent";
  return passed == 0 ? "" : "over " + std::to_string(passed) + " %";
}

std::string ResetOf(const json::Value& account, const std::string& unit) {
  const std::string resets = Cell(account, "resets");
  if (!resets.empty()) return resets;
  return unit == "concurrent" ? "as they end" : "not begun";
}

void AddAccounts(const json::Value& limit, Table& table) {
  const std::string unit = Cell(limit, "unit");
  for (const json::Value& account : ListOf(limit, "accounts"))
    table.Add({Cell(account, "account"), AmountOf(unit, account, "spent"), AmountOf(unit, account, "held"),
               AmountOf(unit, account, "left"), AmountOf(unit, account, "amount"), ResetOf(account, unit),
               MarkOf(account)});
}

std::string StateCell(const json::Value& holder) {
  const std::string state = Cell(holder, "state");
  return state == "earlier" ? "an earlier state" : state;
}

// The hosts that have spent or hold something.
void PrintHolders(std::ostream& out, const json::Value& limit) {
  const std::string unit = Cell(limit, "unit");
  Table table(
      {{"ACCOUNT"}, {"HOST"}, {"SPENT", Align::kRight}, {"HELD", Align::kRight}, {"AGENT"}, {"STATE"}});
  bool is_empty = true;
  bool is_out_of_reach = false;
  for (const json::Value& account : ListOf(limit, "accounts")) {
    for (const json::Value& holder : ListOf(account, "holders")) {
      const std::string state = StateCell(holder);
      table.Add({Cell(account, "account"), Cell(holder, "host"), AmountOf(unit, holder, "spent"),
                 AmountOf(unit, holder, "held"), Cell(holder, "agent"), state});
      is_empty = false;
      is_out_of_reach = is_out_of_reach || (state != "connected" && NumberOf(holder, "held") > 0);
    }
  }
  if (is_empty) return;
  out << '\n';
  table.Print(out);
  if (is_out_of_reach)
    out << "\nWhat is held by one that isn't connected is free again when it gives it back, when the window "
           "ends, or by postern agent forfeit AGENT.\n";
}

}  // namespace

void PrintAccounts(std::ostream& out, const std::vector<json::Value>& limits) {
  Table table({{"ACCOUNT"},
               {"SPENT", Align::kRight},
               {"HELD", Align::kRight},
               {"LEFT", Align::kRight},
               {"OF", Align::kRight},
               {"RESETS"},
               {"MARK"}});
  bool is_empty = true;
  for (const json::Value& limit : limits) {
    AddAccounts(limit, table);
    is_empty = is_empty && ListOf(limit, "accounts").empty();
  }
  if (is_empty) out << "Nothing is spent or held of " << (limits.size() == 1 ? "it" : "any limit") << ".\n";
  else table.Print(out);
  for (const json::Value& limit : limits) {
    if (const int64_t more = NumberOf(limit, "accounts_left_out"); more > 0)
      out << "and " << more << " accounts more of " << Harmless(Cell(limit, "id")) << '\n';
  }
}

void PrintLimit(std::ostream& out, const json::Value& limit) {
  out << Harmless(Cell(limit, "id") + ": " + Cell(limit, "whom") + ": " + Cell(limit, "text")) << '\n';
  if (const std::string message = Cell(limit, "message"); !message.empty())
    out << "says: " << Harmless(message) << '\n';
  out << '\n';
  PrintAccounts(out, {limit});
  PrintHolders(out, limit);
}

}  // namespace postern::cli
