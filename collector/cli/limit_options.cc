#include "collector/cli/limit_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collector/cli/limit_amount.h"
#include "collector/cli/output.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

using command_line::Invocation;

constexpr std::array<std::string_view, 5> kKinds = {"team", "user", "key", "provider", "model"};
constexpr std::array<std::string_view, 4> kUnits = {"usd", "tokens", "requests", "concurrent"};

Error Wrong(std::string sentence) { return {ErrorCode::kInvalid, std::move(sentence)}; }

// Of one kind of subject: a name, each of them, or nothing.
struct Part {
  bool each = false;
  std::string name{};

  bool is_there() const { return each || !name.empty(); }
};

struct Whom {
  std::string scope, subject, within;
};

Result<std::array<Part, kKinds.size()>> ReadParts(const Invocation& call) {
  std::array<Part, kKinds.size()> parts;
  for (const std::string& kind : call.arguments.List("each")) {
    const auto* const found = std::find(kKinds.begin(), kKinds.end(), kind);
    if (found == kKinds.end())
      return Wrong("--each: found \"" + kind + "\", allowed are team, user, key, provider and model");
    parts[static_cast<size_t>(found - kKinds.begin())].each = true;
  }
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const auto name = call.arguments.Value(kKinds[i]);
    if (!name) continue;
    if (name->empty()) return Wrong("--" + std::string(kKinds[i]) + " wants a name");
    if (parts[i].each) return Wrong("--" + std::string(kKinds[i]) + " and --each of it at once");
    parts[i].name = *name;
  }
  return parts;
}

// Nothing, where no option says for whom it is.
Result<std::optional<Whom>> ReadWhom(const Invocation& call) {
  ASSIGN_OR_RETURN(const auto parts, ReadParts(call));
  std::vector<size_t> there;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_there()) there.push_back(i);
  }
  if (there.empty()) return std::optional<Whom>();
  const std::string first(kKinds[there[0]]);
  if (there.size() == 1) return std::optional(Whom{first, parts[there[0]].name, ""});
  const std::string second(kKinds[there[1]]);
  if (there.size() == 2 && first == "key")
    return std::optional(Whom{first + "_" + second, parts[there[0]].name, parts[there[1]].name});
  return Wrong(
      "a limit is for one of team, user, key, provider and model, or for key together with provider "
      "or model");
}

struct HowMuch {
  std::string unit;
  int64_t amount = 0;
};

Result<std::optional<HowMuch>> ReadAmount(const Invocation& call) {
  std::optional<HowMuch> read;
  for (const std::string_view unit : kUnits) {
    const auto text = call.arguments.Value(unit);
    if (!text) continue;
    if (read) return Wrong("one of --usd, --tokens, --requests and --concurrent is given at a time");
    const auto amount = ParseLimitAmount(unit, *text);
    if (!amount) return Wrong("--" + std::string(unit) + ": " + amount.error().message);
    read = HowMuch{std::string(unit), *amount};
  }
  return read;
}

int64_t AmountOf(const json::Value& known) {
  const auto object = known.AsOpenObject();
  return object ? object->Integer("amount", 0, kMostLimitAmount).value_or(0) : 0;
}

// One of two options that exclude each other; nothing where neither is given.
Result<std::optional<bool>> Either(const Invocation& call, const char* yes, const char* no) {
  if (call.arguments.Has(yes) && call.arguments.Has(no))
    return Wrong("--" + std::string(yes) + " and --" + no + " at once");
  if (call.arguments.Has(yes)) return std::optional(true);
  return call.arguments.Has(no) ? std::optional(false) : std::optional<bool>();
}

}  // namespace

std::vector<command_line::Option> LimitOptions() {
  return {{.name = "team", .value = "NAME", .sentence = "For this team and those within it, together."},
          {.name = "user", .value = "ID", .sentence = "For this person."},
          {.name = "key",
           .value = "ID",
           .sentence = "For this key; with --provider or --model for the two together."},
          {.name = "provider", .value = "NAME", .sentence = "For this provider."},
          {.name = "model", .value = "ID", .sentence = "For this model, as the price table calls it."},
          {.name = "each",
           .value = "KIND,…",
           .sentence = "For each team, user, key, provider or model by itself; key,model for each of each."},
          {.name = "usd", .value = "DOLLARS", .sentence = "So many dollars, such as 500 or 0.05."},
          {.name = "tokens", .value = "N", .sentence = "So many tokens of every class."},
          {.name = "requests", .value = "N", .sentence = "So many requests."},
          {.name = "concurrent", .value = "N", .sentence = "So many at once."},
          {.name = "per", .value = "SPAN", .sentence = "A minute, hour, day, week, month or year."},
          {.name = "rolling", .sentence = "From the first that is spent on, not by the calendar."},
          {.name = "calendar", .sentence = "By the organisation's calendar."},
          {.name = "strict", .sentence = "Reserves the worst case: never a cent beyond."},
          {.name = "estimated", .sentence = "Reserves what is likely, and more while an answer streams."},
          {.name = "message", .value = "TEXT", .sentence = "Shown with refusals: whom to ask."}};
}

Result<std::string> LimitBody(const Invocation& call, const std::optional<json::Value>& known) {
  ASSIGN_OR_RETURN(auto whom, ReadWhom(call));
  ASSIGN_OR_RETURN(auto amount, ReadAmount(call));
  if (!amount && !known)
    return Wrong(
        "there is no such limit yet: say how much, with --usd, --tokens, --requests or --concurrent");
  ASSIGN_OR_RETURN(const auto rolling, Either(call, "rolling", "calendar"));
  ASSIGN_OR_RETURN(const auto strict, Either(call, "strict", "estimated"));
  const auto known_text = [&](const char* field) { return known ? Cell(*known, field) : std::string(); };
  if (!whom)
    whom = known ? Whom{known_text("scope"), known_text("subject"), known_text("within")}
                 : Whom{"organisation", "", ""};
  if (!amount) amount = HowMuch{known_text("unit"), AmountOf(*known)};
  const bool is_leased = amount->unit == "concurrent";
  const std::string per =
      is_leased && !call.arguments.Has("per") ? "" : call.arguments.ValueOr("per", known_text("per"));
  if (!is_leased && per.empty()) return Wrong("--per is missing: minute, hour, day, week, month or year");
  json::Writer out;
  out.BeginObject().Text("scope", whom->scope).Text("subject", whom->subject).Text("within", whom->within);
  out.Text("unit", amount->unit).Integer("amount", amount->amount).Text("per", per);
  out.Boolean("rolling", rolling.value_or(!is_leased && known_text("rolling") == "yes"));
  out.Text("admission", strict                                ? (*strict ? "strict" : "estimated")
                        : known_text("admission") == "strict" ? "strict"
                                                              : "estimated");
  out.Text("message", call.arguments.ValueOr("message", known_text("message"))).EndObject();
  return out.Take();
}

}  // namespace postern::cli
