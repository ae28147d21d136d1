#include "shared/policy/rules_reader.h"

#include <algorithm>
#include <utility>

#include "shared/policy/glob.h"
#include "shared/policy/hours.h"
#include "shared/policy/limits.h"
#include "shared/policy/moment.h"
#include "shared/policy/secrets_reader.h"

namespace postern::policy {
namespace {

using config::Map;
using config::Node;

constexpr int64_t kMostTokens = 1'000'000'000;

// Of a list of patterns.
Status CheckItem(const Node& item, const std::string& text) {
  constexpr std::string_view kType = "type:";
  const Status sound = CheckPattern(text.starts_with(kType) ? text.substr(kType.size()) : text);
  if (sound) return Ok{};
  return item.Wrong(sound.error().message, "a name, or a pattern with * and ? in it");
}

Status ReadMayWiden(const Node& node, wire::Rules& rules) {
  ASSIGN_OR_RETURN(const auto items, node.AsList());
  for (const Node& item : items) {
    ASSIGN_OR_RETURN(std::string kind,
                     item.AsOneOf({"models", "providers", "credentials", "tools", "hosts", "os_users"}));
    rules.add_may_widen(std::move(kind));
  }
  return Ok{};
}

}  // namespace

Status RulesReader::Read(const Map& map, const std::string& prefix, wire::Rules& rules) {
  const std::pair<const char*, wire::Patterns* (wire::Rules::*)()> lists[] = {
      {"models", &wire::Rules::mutable_models},
      {"providers", &wire::Rules::mutable_providers},
      {"credentials", &wire::Rules::mutable_credentials},
      {"tools", &wire::Rules::mutable_tools},
      {"hosts", &wire::Rules::mutable_hosts},
      {"os_users", &wire::Rules::mutable_os_users}};
  for (const auto& [key, patterns] : lists) {
    if (const auto node = map.Find(key))
      RETURN_IF_ERROR(ReadPatterns(*node, prefix + key, *(rules.*patterns)()));
  }
  RETURN_IF_ERROR(ReadCaps(map, prefix, rules));
  RETURN_IF_ERROR(ReadTimes(map, prefix, rules));
  if (const auto node = map.Find("residency")) {
    const auto add = [&rules](std::string tag) { rules.add_residency(std::move(tag)); };
    RETURN_IF_ERROR(ReadNames(*node, prefix + "residency", add));
  }
  RETURN_IF_ERROR(ReadSecretRules(*this, map, prefix, rules));
  if (const auto node = map.Find("may_widen")) RETURN_IF_ERROR(ReadMayWiden(*node, rules));
  if (const auto node = map.Find("message")) {
    ASSIGN_OR_RETURN(*rules.mutable_message(), node->AsString());
    if (rules.message().size() > kMostMessageBytes)
      return node->Wrong("a text of " + std::to_string(rules.message().size()) + " bytes", "at most 512");
  }
  return Ok{};
}

Status RulesReader::ReadPatterns(const Node& node, const std::string& rule, wire::Patterns& patterns) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"allow", "deny"}));
  if (const auto allow = map.Find("allow")) {
    patterns.set_allows_listed(true);
    Note(rule + ".allow", *allow);
    const auto add = [&patterns](std::string text) { patterns.add_allow(std::move(text)); };
    RETURN_IF_ERROR(ReadList(*allow, rule + ".allow", CheckItem, add));
  }
  if (const auto deny = map.Find("deny")) {
    Note(rule + ".deny", *deny);
    const auto add = [&patterns](std::string text) { patterns.add_deny(std::move(text)); };
    RETURN_IF_ERROR(ReadList(*deny, rule + ".deny", CheckItem, add));
  }
  return Ok{};
}

Status RulesReader::ReadCaps(const Map& map, const std::string& prefix, wire::Rules& rules) {
  if (const auto node = map.Find("context_tokens")) {
    Note(prefix + "context_tokens", *node);
    ASSIGN_OR_RETURN(const int64_t cap, node->AsInteger(1, kMostTokens));
    rules.set_context_tokens(static_cast<uint64_t>(cap));
  }
  if (const auto node = map.Find("max_tokens")) {
    Note(prefix + "max_tokens", *node);
    ASSIGN_OR_RETURN(const int64_t cap, node->AsInteger(1, kMostTokens));
    rules.set_max_tokens(static_cast<uint64_t>(cap));
  }
  if (const auto node = map.Find("on_exceed")) {
    ASSIGN_OR_RETURN(const std::string word, node->AsOneOf({"lower", "refuse"}));
    rules.set_on_max_tokens(word == "lower" ? wire::MAX_TOKENS_LOWER : wire::MAX_TOKENS_REFUSE);
  }
  if (const auto node = map.Find("on_denied_tool")) {
    ASSIGN_OR_RETURN(const std::string word, node->AsOneOf({"strip", "refuse"}));
    rules.set_on_denied_tool(word == "strip" ? wire::DENIED_TOOL_STRIP : wire::DENIED_TOOL_REFUSE);
  }
  return Ok{};
}

Status RulesReader::ReadTimes(const Map& map, const std::string& prefix, wire::Rules& rules) {
  if (const auto node = map.Find("hours")) {
    Note(prefix + "hours", *node);
    RETURN_IF_ERROR(ReadStretches(*node, rules));
  }
  if (const auto node = map.Find("expires")) {
    Note(prefix + "expires", *node);
    ASSIGN_OR_RETURN(const int64_t expires, ReadDate(*node));
    rules.set_expires(expires);
  }
  return Ok{};
}

Status RulesReader::ReadStretches(const Node& node, wire::Rules& rules) {
  rules.set_hours_listed(true);
  ASSIGN_OR_RETURN(const auto items, node.AsList());
  for (const Node& item : items) {
    ASSIGN_OR_RETURN(const std::string text, item.AsString());
    const auto stretches = ReadHours(text);
    if (!stretches) return item.Wrong("\"" + text.substr(0, 60) + "\"", kHoursForm);
    for (const wire::Hours& stretch : *stretches) *rules.add_hours() = stretch;
  }
  if (rules.hours_size() > static_cast<int>(kMostHours))
    return node.Wrong(std::to_string(rules.hours_size()) + " stretches of a week", "at most 64");
  return Ok{};
}

Result<int64_t> RulesReader::ReadDate(const Node& node) const {
  return ReadMoment(node, file_.policy.time_zone());
}

Status RulesReader::CheckName(const Node& node, const std::string& name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control))
    return node.Wrong("a name with control characters", "a name of one line");
  if (!name.empty() && name.size() <= kMostNameBytes) return Ok{};
  return node.Wrong(name.empty() ? "an empty text" : "a text of " + std::to_string(name.size()) + " bytes",
                    "a name of 1 to 256 bytes");
}

}  // namespace postern::policy
