#include "collector/policy/limit_edit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "collector/directory/names.h"
#include "collector/policy/splice.h"
#include "shared/policy/limit_words.h"

namespace postern::policies {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;  // in the order in which people write them

constexpr const char* kSection = "limits";

void AddWhom(const wire::PolicyLimit& limit, Fields& fields) {
  std::vector<std::string> each;
  const auto add = [&](const char* kind, const std::string& name) {
    if (name.empty()) each.emplace_back(kind);
    else fields.emplace_back(kind, Scalar(name));
  };
  switch (limit.scope()) {
    case wire::LIMIT_SCOPE_TEAM: add("team", limit.subject()); break;
    case wire::LIMIT_SCOPE_USER: add("user", limit.subject()); break;
    case wire::LIMIT_SCOPE_KEY: add("key", limit.subject()); break;
    case wire::LIMIT_SCOPE_PROVIDER: add("provider", limit.subject()); break;
    case wire::LIMIT_SCOPE_MODEL: add("model", limit.subject()); break;
    case wire::LIMIT_SCOPE_KEY_PROVIDER:
      add("key", limit.subject());
      add("provider", limit.within());
      break;
    case wire::LIMIT_SCOPE_KEY_MODEL:
      add("key", limit.subject());
      add("model", limit.within());
      break;
    default: break;
  }
  if (each.size() == 1) fields.emplace_back("each", each[0]);
  if (each.size() == 2) fields.emplace_back("each", "[" + each[0] + ", " + each[1] + "]");
}

std::string AmountValue(wire::LimitUnit unit, int64_t amount) {
  return unit == wire::LIMIT_UNIT_USD ? policy::DollarText(amount) : std::to_string(amount);
}

const char* UnitKey(wire::LimitUnit unit) {
  switch (unit) {
    case wire::LIMIT_UNIT_USD: return "usd";
    case wire::LIMIT_UNIT_TOKENS: return "tokens";
    case wire::LIMIT_UNIT_REQUESTS: return "requests";
    default: return "concurrent";
  }
}

const char* SpanValue(wire::LimitSpan span) {
  switch (span) {
    case wire::LIMIT_SPAN_MINUTE: return "minute";
    case wire::LIMIT_SPAN_HOUR: return "hour";
    case wire::LIMIT_SPAN_DAY: return "day";
    case wire::LIMIT_SPAN_WEEK: return "week";
    case wire::LIMIT_SPAN_MONTH: return "month";
    default: return "year";
  }
}

Fields FieldsOf(const wire::PolicyLimit& limit, const wire::TimeZone& zone) {
  Fields fields;
  AddWhom(limit, fields);
  fields.emplace_back(UnitKey(limit.unit()), AmountValue(limit.unit(), limit.amount()));
  if (limit.unit() != wire::LIMIT_UNIT_CONCURRENT) {
    fields.emplace_back("per", SpanValue(limit.span()));
    if (limit.rolling()) fields.emplace_back("rolling", "true");
  }
  if (limit.strict()) fields.emplace_back("admission", "strict");
  if (limit.raise_until() != 0)
    fields.emplace_back("raise", "{by: " + AmountValue(limit.unit(), limit.raise()) +
                                     ", until: " + Moment(limit.raise_until(), zone) + "}");
  if (!limit.message().empty()) fields.emplace_back("message", Scalar(limit.message()));
  return fields;
}

std::string ValueIn(const Fields& fields, const std::string& key) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == key; });
  return found == fields.end() ? "" : found->second;
}

// Key by key, where the limit stands in lines of its own.
Result<std::string> WithFields(std::string_view yaml, const std::string& id, const Fields& before,
                               const Fields& after) {
  std::string text(yaml);
  for (const auto& [key, value] : after) {
    if (ValueIn(before, key) == value) continue;
    ASSIGN_OR_RETURN(text, SetEntry(text, {kSection, id, key}, value));
  }
  for (const auto& [key, value] : before) {
    if (!ValueIn(after, key).empty()) continue;
    auto without = RemoveEntry(text, {kSection, id, key});
    // What is said by a default isn't written.
    if (!without && without.error().code == ErrorCode::kNotFound) continue;
    ASSIGN_OR_RETURN(text, std::move(without));
  }
  return text;
}

}  // namespace

std::string LimitValue(const wire::PolicyLimit& limit, const wire::TimeZone& zone) {
  std::string value;
  for (const auto& [key, text] : FieldsOf(limit, zone))
    value += (value.empty() ? "" : ", ") + key + ": " + text;
  return "{" + value + "}";
}

Result<std::string> WithLimit(std::string_view yaml, const std::optional<wire::PolicyLimit>& before,
                              const wire::PolicyLimit& limit, const wire::TimeZone& zone) {
  if (before) {
    auto text = WithFields(yaml, limit.id(), FieldsOf(*before, zone), FieldsOf(limit, zone));
    if (text) return text;
  }
  return SetEntry(yaml, {kSection, limit.id()}, LimitValue(limit, zone));
}

Result<std::string> WithoutLimit(std::string_view yaml, const std::string& id) {
  return RemoveEntry(yaml, {kSection, id});
}

Result<wire::PolicyLimit> LimitIn(const wire::Policy& policy, const std::string& id) {
  const auto& limits = policy.limits();
  const auto found = std::find_if(limits.begin(), limits.end(),
                                  [&](const wire::PolicyLimit& limit) { return limit.id() == id; });
  if (found == limits.end()) return directory::NoSuch("limit", id);
  return *found;
}

}  // namespace postern::policies
