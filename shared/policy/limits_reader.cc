#include "shared/policy/limits_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/policy/limits.h"
#include "shared/policy/moment.h"
#include "shared/policy/rules_reader.h"

namespace postern::policy {
namespace {

using config::Map;
using config::Node;

constexpr int64_t kMostSearches = 1'000;
constexpr int64_t kMostFileTokens = 1'000'000'000;
constexpr int kDollarDigits = 9;

constexpr std::string_view kWhomForms =
    "everybody (none of them), or one of team, user, key, provider and model, by name or with `each`, or key "
    "together with provider or model";

// Whom a limit is for, a kind at a time: by name, each of them, or not at all.
struct Part {
  const char* kind;
  bool each = false;
  std::string name{};

  bool is_there() const { return each || !name.empty(); }
};
using Parts = std::array<Part, 5>;

Parts NoParts() { return {{{"team"}, {"user"}, {"key"}, {"provider"}, {"model"}}}; }

Status MarkEach(const Node& node, Parts& parts) {
  ASSIGN_OR_RETURN(const std::string kind, node.AsOneOf({"team", "user", "key", "provider", "model"}));
  for (Part& part : parts) {
    if (kind == part.kind) part.each = true;
  }
  return Ok{};
}

Result<Parts> ReadParts(const Map& map) {
  Parts parts = NoParts();
  if (const auto each = map.Find("each")) {
    const auto list = each->AsList();
    if (!list) RETURN_IF_ERROR(MarkEach(*each, parts));
    if (list) {
      for (const Node& item : *list) RETURN_IF_ERROR(MarkEach(item, parts));
    }
  }
  for (Part& part : parts) {
    const auto node = map.Find(part.kind);
    if (!node) continue;
    if (part.each)
      return node->Wrong(std::string("a name beside `each: ") + part.kind + "`", "one of the two");
    ASSIGN_OR_RETURN(part.name, node->AsString());
    RETURN_IF_ERROR(RulesReader::CheckName(*node, part.name));
  }
  return parts;
}

std::optional<wire::LimitScope> ScopeOf(const Parts& parts) {
  const auto& [team, user, key, provider, model] = parts;
  const auto count =
      std::count_if(parts.begin(), parts.end(), [](const Part& part) { return part.is_there(); });
  if (count == 0) return wire::LIMIT_SCOPE_ORGANISATION;
  if (count == 2 && key.is_there() && provider.is_there()) return wire::LIMIT_SCOPE_KEY_PROVIDER;
  if (count == 2 && key.is_there() && model.is_there()) return wire::LIMIT_SCOPE_KEY_MODEL;
  if (count != 1) return std::nullopt;
  if (team.is_there()) return wire::LIMIT_SCOPE_TEAM;
  if (user.is_there()) return wire::LIMIT_SCOPE_USER;
  if (key.is_there()) return wire::LIMIT_SCOPE_KEY;
  return provider.is_there() ? wire::LIMIT_SCOPE_PROVIDER : wire::LIMIT_SCOPE_MODEL;
}

Status ReadWhom(const Node& node, const Map& map, wire::PolicyLimit& limit) {
  ASSIGN_OR_RETURN(const Parts parts, ReadParts(map));
  const auto scope = ScopeOf(parts);
  if (!scope) return node.Wrong("a limit for a combination that isn't counted", kWhomForms);
  limit.set_scope(*scope);
  const auto& [team, user, key, provider, model] = parts;
  if (*scope == wire::LIMIT_SCOPE_KEY_PROVIDER || *scope == wire::LIMIT_SCOPE_KEY_MODEL) {
    limit.set_subject(key.name);
    limit.set_within(provider.is_there() ? provider.name : model.name);
    return Ok{};
  }
  for (const Part& part : parts) {
    if (part.is_there()) limit.set_subject(part.name);
  }
  return Ok{};
}

Result<int64_t> ReadAmount(const Node& node, wire::LimitUnit unit) {
  if (unit != wire::LIMIT_UNIT_USD) return node.AsInteger(0, kMostLimitAmount);
  ASSIGN_OR_RETURN(const int64_t amount, node.AsDecimal(kDollarDigits));
  if (amount < 0 || amount > kMostLimitAmount)
    return node.Wrong("an amount out of range",
                      "dollars from 0 to 1000000000, with at most 9 decimal places");
  return amount;
}

Status ReadHowMuch(const Node& node, const Map& map, wire::PolicyLimit& limit) {
  constexpr std::pair<const char*, wire::LimitUnit> kUnits[] = {{"usd", wire::LIMIT_UNIT_USD},
                                                                {"tokens", wire::LIMIT_UNIT_TOKENS},
                                                                {"requests", wire::LIMIT_UNIT_REQUESTS},
                                                                {"concurrent", wire::LIMIT_UNIT_CONCURRENT}};
  bool found = false;
  for (const auto& [key, unit] : kUnits) {
    const auto amount = map.Find(key);
    if (!amount) continue;
    if (found)
      return amount->Wrong("a second amount", "one amount a limit: give this one a limit of its own");
    found = true;
    limit.set_unit(unit);
    ASSIGN_OR_RETURN(const int64_t units, ReadAmount(*amount, unit));
    limit.set_amount(units);
  }
  if (found) return Ok{};
  return node.Wrong("a limit without an amount", "one of usd, tokens, requests, concurrent");
}

Status ReadSpan(const Node& node, const Map& map, wire::PolicyLimit& limit) {
  const auto per = map.Find("per");
  const auto rolling = map.Find("rolling");
  if (limit.unit() == wire::LIMIT_UNIT_CONCURRENT) {
    const auto& needless = per ? per : rolling;
    if (needless)
      return needless->Wrong("a stretch of time", "none: what is `concurrent` is counted at once");
    return Ok{};
  }
  if (!per) return node.Wrong("a limit without `per`", "one of minute, hour, day, week, month, year");
  ASSIGN_OR_RETURN(const std::string span, per->AsOneOf({"minute", "hour", "day", "week", "month", "year"}));
  constexpr std::string_view kSpans[] = {"minute", "hour", "day", "week", "month", "year"};
  const auto* const found = std::find(std::begin(kSpans), std::end(kSpans), span);
  limit.set_span(static_cast<wire::LimitSpan>(found - std::begin(kSpans)));
  if (rolling) {
    ASSIGN_OR_RETURN(const bool is_rolling, rolling->AsBool());
    limit.set_rolling(is_rolling);
  }
  return Ok{};
}

Status ReadRaise(const Node& node, const wire::TimeZone& zone, wire::PolicyLimit& limit) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"by", "until"}));
  ASSIGN_OR_RETURN(const Node by, map.Require("by"));
  ASSIGN_OR_RETURN(const Node until, map.Require("until"));
  ASSIGN_OR_RETURN(const int64_t amount, ReadAmount(by, limit.unit()));
  if (amount > kMostLimitAmount - limit.amount())
    return by.Wrong("a raise beyond what can be counted", "a smaller one");
  ASSIGN_OR_RETURN(const int64_t end, ReadMoment(until, zone));
  if (end <= 0) return until.Wrong("a time before 1970", "a time to come");
  limit.set_raise(amount);
  limit.set_raise_until(end);
  return Ok{};
}

Status ReadRest(const Map& map, const wire::TimeZone& zone, wire::PolicyLimit& limit) {
  if (const auto admission = map.Find("admission")) {
    ASSIGN_OR_RETURN(const std::string word, admission->AsOneOf({"estimated", "strict"}));
    limit.set_strict(word == "strict");
  }
  if (const auto raise = map.Find("raise")) RETURN_IF_ERROR(ReadRaise(*raise, zone, limit));
  if (const auto message = map.Find("message")) {
    ASSIGN_OR_RETURN(*limit.mutable_message(), message->AsString());
    if (limit.message().size() > kMostMessageBytes)
      return message->Wrong("a text of " + std::to_string(limit.message().size()) + " bytes", "at most 512");
  }
  return Ok{};
}

Status CheckId(const Node& node, const std::string& id) {
  const auto is_fit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  if (!id.empty() && id.size() <= kMostLimitIdBytes && std::all_of(id.begin(), id.end(), is_fit)) return Ok{};
  return node.Wrong("a limit's name that is none",
                    "1 to 64 letters, digits, dots, underscores and hyphens, such as ml-month");
}

// Where each of its keys stands.
void NoteLines(const Node& node, const std::string& rule, PolicyFile& file) {
  file.lines[rule] = node.line();
  if (const auto entries = node.AsEntries()) {
    for (const auto& [key, value] : *entries) file.lines[rule + "." + key] = value.line();
  }
}

}  // namespace

Status ReadLimits(const Node& node, PolicyFile& file) {
  file.lines["limits"] = node.line();
  ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
  if (entries.size() > kMostLimits)
    return node.Wrong(std::to_string(entries.size()) + " limits", "at most " + std::to_string(kMostLimits));
  for (const auto& [id, entry] : entries) {
    RETURN_IF_ERROR(CheckId(entry, id));
    NoteLines(entry, "limits." + id, file);
    ASSIGN_OR_RETURN(const Map map, entry.AsMap({"each", "team", "user", "key", "provider", "model", "usd",
                                                 "tokens", "requests", "concurrent", "per", "rolling",
                                                 "admission", "raise", "message"}));
    wire::PolicyLimit& limit = *file.policy.add_limits();
    limit.set_id(id);
    RETURN_IF_ERROR(ReadWhom(entry, map, limit));
    RETURN_IF_ERROR(ReadHowMuch(entry, map, limit));
    RETURN_IF_ERROR(ReadSpan(entry, map, limit));
    RETURN_IF_ERROR(ReadRest(map, file.policy.time_zone(), limit));
  }
  return Ok{};
}

Status ReadOffline(const Node& node, wire::Policy& policy) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"allowance"}));
  const auto allowance = map.Find("allowance");
  if (!allowance) return Ok{};
  ASSIGN_OR_RETURN(const std::string text, allowance->AsString());
  const auto wrong = [&] {
    return allowance->Wrong("\"" + text.substr(0, 60) + "\"", "a share from 0.1% to 100%, such as 10%");
  };
  // "12.5%": up to three digits, a point and one more.
  uint32_t permille = 0;
  bool has_digit = false;
  bool has_point = false;
  size_t decimals = 0;
  if (text.size() < 2 || text.size() > 6 || text.back() != '%') return wrong();
  for (const char c : std::string_view(text).substr(0, text.size() - 1)) {
    if (c == '.' && has_digit && !has_point) {
      has_point = true;
      continue;
    }
    if (c < '0' || c > '9' || (has_point && ++decimals > 1)) return wrong();
    has_digit = true;
    permille = permille * 10 + static_cast<uint32_t>(c - '0');
  }
  if (has_point && decimals == 0) return wrong();
  if (!has_point) permille *= 10;
  if (permille == 0 || permille > 1000) return wrong();
  policy.set_ahead_permille(permille);
  return Ok{};
}

Status ReadAdmissionCaps(const Node& node, wire::Policy& policy) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"web_searches", "file_tokens"}));
  wire::AdmissionCaps& caps = *policy.mutable_caps();
  if (const auto searches = map.Find("web_searches")) {
    ASSIGN_OR_RETURN(const int64_t count, searches->AsInteger(1, kMostSearches));
    caps.set_web_searches(static_cast<uint32_t>(count));
  }
  if (const auto tokens = map.Find("file_tokens")) {
    ASSIGN_OR_RETURN(const int64_t count, tokens->AsInteger(1, kMostFileTokens));
    caps.set_file_tokens(static_cast<uint64_t>(count));
  }
  return Ok{};
}

}  // namespace postern::policy
