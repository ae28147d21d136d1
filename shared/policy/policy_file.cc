#include "shared/policy/policy_file.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/crypto/sha256.h"
#include "shared/policy/compiled.h"
#include "shared/policy/glob.h"
#include "shared/policy/hours.h"
#include "shared/policy/limits.h"
#include "shared/policy/signed.h"
#include "shared/policy/zone.h"

// Of every level; a team has "teams" besides, a group "users", the organisation "name" and "time_zone".
#define POSTERN_RULE_KEYS                                                                            \
  "models", "providers", "credentials", "tools", "on_denied_tool", "hosts", "os_users", "residency", \
      "context_tokens", "max_tokens", "on_exceed", "hours", "expires", "may_widen", "message"

namespace postern::policy {
namespace {

using config::Map;
using config::Node;

constexpr int64_t kMostTokens = 1'000'000'000;
constexpr std::chrono::seconds kLeastTtl = std::chrono::minutes(1);
constexpr std::chrono::seconds kMostTtl = std::chrono::days(30);

constexpr const char* kDateForm = "a date such as 2026-12-31 or a time such as 2026-12-31T18:00:00Z";

class Reader {
 public:
  Reader(const ZoneSource& zones, WallTime now) : zones_(zones), now_(now) {}

  Result<PolicyFile> Read(const Node& root) {
    ASSIGN_OR_RETURN(const Map map,
                     root.AsMap({"organisation", "staleness", "teams", "groups", "users", "keys"}));
    wire::Policy& policy = file_.policy;
    policy.set_format(kFormat);
    ASSIGN_OR_RETURN(const Node organisation, map.Require("organisation"));
    RETURN_IF_ERROR(ReadOrganisation(organisation));
    if (const auto node = map.Find("staleness")) RETURN_IF_ERROR(ReadStaleness(*node));
    if (const auto node = map.Find("teams")) RETURN_IF_ERROR(ReadTeams(*node, ""));
    if (const auto node = map.Find("groups")) RETURN_IF_ERROR(ReadGroups(*node));
    if (const auto node = map.Find("users"))
      RETURN_IF_ERROR(ReadLevels(*node, "users.", *policy.mutable_users()));
    if (const auto node = map.Find("keys"))
      RETURN_IF_ERROR(ReadLevels(*node, "keys.", *policy.mutable_keys()));
    RETURN_IF_ERROR(CheckWhole(root));
    return std::move(file_);
  }

 private:
  Status ReadOrganisation(const Node& node) {
    ASSIGN_OR_RETURN(const Map map, node.AsMap({"name", "time_zone", POSTERN_RULE_KEYS}));
    Note("organisation", node);
    ASSIGN_OR_RETURN(const Node name, map.Require("name"));
    ASSIGN_OR_RETURN(*file_.policy.mutable_organisation(), name.AsString());
    RETURN_IF_ERROR(CheckName(name, file_.policy.organisation()));
    // First: dates are read in it.
    *file_.policy.mutable_time_zone() = Utc();
    if (const auto zone = map.Find("time_zone")) RETURN_IF_ERROR(ReadTimeZone(*zone));
    return ReadRules(map, "organisation.", *file_.policy.mutable_defaults());
  }

  Status ReadTimeZone(const Node& node) {
    ASSIGN_OR_RETURN(const std::string name, node.AsString());
    if (name == "UTC") return Ok{};
    constexpr const char* kAllowed = "a zone of the tz database, such as Europe/Berlin or UTC";
    const auto bytes = zones_ ? zones_(name) : Error{ErrorCode::kNotFound, "there is no tz database here"};
    if (!bytes) return node.Wrong("\"" + name + "\" (" + bytes.error().message + ")", kAllowed);
    auto zone = ReadZone(*bytes, name, now_);
    if (!zone) return node.Wrong("\"" + name + "\" (" + zone.error().message + ")", kAllowed);
    *file_.policy.mutable_time_zone() = *std::move(zone);
    return Ok{};
  }

  Status ReadStaleness(const Node& node) {
    ASSIGN_OR_RETURN(const Map map, node.AsMap({"revocation", "policy_ttl"}));
    wire::Staleness& staleness = *file_.policy.mutable_staleness();
    if (const auto mode = map.Find("revocation")) {
      ASSIGN_OR_RETURN(const std::string word, mode->AsOneOf({"strict", "best_effort"}));
      staleness.set_strict(word == "strict");
    }
    if (const auto ttl = map.Find("policy_ttl")) {
      ASSIGN_OR_RETURN(const auto duration, ttl->AsDuration());
      if (duration < kLeastTtl || duration > kMostTtl)
        return ttl->Wrong("a duration out of range", "a duration from 1m to 30d");
      staleness.set_policy_ttl(
          static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count()));
    }
    return Ok{};
  }

  Status ReadTeams(const Node& node, const std::string& parent) {
    ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
    for (const auto& [id, entry] : entries) {
      RETURN_IF_ERROR(NoteLevel("teams." + id, id, entry));
      ASSIGN_OR_RETURN(const Map map, entry.AsMap({"teams", POSTERN_RULE_KEYS}));
      wire::PolicyTeam& team = *file_.policy.add_teams();
      team.set_id(id);
      team.set_parent(parent);
      RETURN_IF_ERROR(ReadRules(map, "teams." + id + ".", *team.mutable_rules()));
      if (const auto inner = map.Find("teams")) RETURN_IF_ERROR(ReadTeams(*inner, id));
    }
    return Ok{};
  }

  Status ReadGroups(const Node& node) {
    ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
    for (const auto& [id, entry] : entries) {
      RETURN_IF_ERROR(NoteLevel("groups." + id, id, entry));
      ASSIGN_OR_RETURN(const Map map, entry.AsMap({"users", POSTERN_RULE_KEYS}));
      wire::PolicyGroup& group = *file_.policy.add_groups();
      group.set_id(id);
      ASSIGN_OR_RETURN(const Node users, map.Require("users"));
      const auto add = [&group](std::string user) { group.add_users(std::move(user)); };
      RETURN_IF_ERROR(ReadList(
          users, "groups." + id + ".users",
          [this](const Node& item, const std::string& user) { return CheckName(item, user); }, add));
      RETURN_IF_ERROR(ReadRules(map, "groups." + id + ".", *group.mutable_rules()));
    }
    return Ok{};
  }

  // Users, keys.
  template <class Levels>
  Status ReadLevels(const Node& node, const std::string& prefix, Levels& levels) {
    ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
    for (const auto& [id, entry] : entries) {
      RETURN_IF_ERROR(NoteLevel(prefix + id, id, entry));
      ASSIGN_OR_RETURN(const Map map, entry.AsMap({POSTERN_RULE_KEYS}));
      auto& level = *levels.Add();
      level.set_id(id);
      RETURN_IF_ERROR(ReadRules(map, prefix + id + ".", *level.mutable_rules()));
    }
    return Ok{};
  }

  Status ReadRules(const Map& map, const std::string& prefix, wire::Rules& rules) {
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
      RETURN_IF_ERROR(ReadList(
          *node, prefix + "residency",
          [this](const Node& item, const std::string& tag) { return CheckName(item, tag); }, add));
    }
    if (const auto node = map.Find("may_widen")) RETURN_IF_ERROR(ReadMayWiden(*node, rules));
    if (const auto node = map.Find("message")) {
      ASSIGN_OR_RETURN(*rules.mutable_message(), node->AsString());
      if (rules.message().size() > kMostMessageBytes)
        return node->Wrong("a text of " + std::to_string(rules.message().size()) + " bytes", "at most 512");
    }
    return Ok{};
  }

  Status ReadPatterns(const Node& node, const std::string& rule, wire::Patterns& patterns) {
    ASSIGN_OR_RETURN(const Map map, node.AsMap({"allow", "deny"}));
    const auto check = [](const Node& item, const std::string& text) -> Status {
      const std::string_view type = "type:";
      const bool is_type = std::string_view(text).starts_with(type);
      const Status sound = CheckPattern(is_type ? text.substr(type.size()) : text);
      if (sound) return Ok{};
      return item.Wrong(sound.error().message, "a name, or a pattern with * and ? in it");
    };
    if (const auto allow = map.Find("allow")) {
      patterns.set_allows_listed(true);
      Note(rule + ".allow", *allow);
      const auto add = [&patterns](std::string text) { patterns.add_allow(std::move(text)); };
      RETURN_IF_ERROR(ReadList(*allow, rule + ".allow", check, add));
    }
    if (const auto deny = map.Find("deny")) {
      Note(rule + ".deny", *deny);
      const auto add = [&patterns](std::string text) { patterns.add_deny(std::move(text)); };
      RETURN_IF_ERROR(ReadList(*deny, rule + ".deny", check, add));
    }
    return Ok{};
  }

  Status ReadCaps(const Map& map, const std::string& prefix, wire::Rules& rules) {
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

  Status ReadTimes(const Map& map, const std::string& prefix, wire::Rules& rules) {
    if (const auto node = map.Find("hours")) {
      Note(prefix + "hours", *node);
      rules.set_hours_listed(true);
      ASSIGN_OR_RETURN(const auto items, node->AsList());
      for (const Node& item : items) {
        ASSIGN_OR_RETURN(const std::string text, item.AsString());
        const auto stretches = ReadHours(text);
        if (!stretches) return item.Wrong("\"" + text.substr(0, 60) + "\"", kHoursForm);
        for (const wire::Hours& stretch : *stretches) *rules.add_hours() = stretch;
      }
      if (rules.hours_size() > static_cast<int>(kMostHours))
        return node->Wrong(std::to_string(rules.hours_size()) + " stretches of a week", "at most 64");
    }
    if (const auto node = map.Find("expires")) {
      Note(prefix + "expires", *node);
      ASSIGN_OR_RETURN(const int64_t expires, ReadExpiry(*node));
      rules.set_expires(expires);
    }
    return Ok{};
  }

  // A date is the beginning of that day in the organisation's time zone.
  Result<int64_t> ReadExpiry(const Node& node) const {
    ASSIGN_OR_RETURN(const std::string text, node.AsString());
    if (const auto time = ParseRfc3339(text))
      return std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count();
    if (text.size() == 10) {
      const auto noon = ParseRfc3339(text + "T12:00:00Z");
      if (noon) {
        const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(*noon));
        return BeginOfDay(file_.policy.time_zone(), day);
      }
    }
    return node.Wrong("\"" + text.substr(0, 60) + "\"", kDateForm);
  }

  static Status ReadMayWiden(const Node& node, wire::Rules& rules) {
    ASSIGN_OR_RETURN(const auto items, node.AsList());
    for (const Node& item : items) {
      ASSIGN_OR_RETURN(std::string kind,
                       item.AsOneOf({"models", "providers", "credentials", "tools", "hosts", "os_users"}));
      rules.add_may_widen(std::move(kind));
    }
    return Ok{};
  }

  template <class Check, class Add>
  Status ReadList(const Node& node, const std::string& rule, const Check& check, const Add& add) {
    ASSIGN_OR_RETURN(const auto items, node.AsList());
    for (size_t i = 0; i < items.size(); ++i) {
      ASSIGN_OR_RETURN(std::string text, items[i].AsString());
      RETURN_IF_ERROR(check(items[i], text));
      Note(rule + "[" + std::to_string(i) + "]", items[i]);
      add(std::move(text));
    }
    return Ok{};
  }

  static Status CheckName(const Node& node, const std::string& name) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    if (std::any_of(name.begin(), name.end(), is_control))
      return node.Wrong("a name with control characters", "a name of one line");
    if (!name.empty() && name.size() <= kMostNameBytes) return Ok{};
    return node.Wrong(name.empty() ? "an empty text" : "a text of " + std::to_string(name.size()) + " bytes",
                      "a name of 1 to 256 bytes");
  }

  Status NoteLevel(const std::string& rule, const std::string& id, const Node& node) {
    RETURN_IF_ERROR(CheckName(node, id));
    const auto known = file_.lines.find(rule);
    if (known != file_.lines.end())
      return node.Wrong(id + " again",
                        "each name once; the first is on line " + std::to_string(known->second));
    Note(rule, node);
    return Ok{};
  }

  void Note(const std::string& rule, const Node& node) { file_.lines[rule] = node.line(); }

  // What only shows in the whole: bounds on all of it, teams too deep, patterns too many to be tried.
  Status CheckWhole(const Node& root) const {
    const auto compiled = Compiled::Compile(file_.policy, {});
    if (compiled) return Ok{};
    const std::string& message = compiled.error().message;
    const auto line = file_.lines.find(message.substr(0, message.find(": ")));
    const std::string place = root.Where();
    if (line == file_.lines.end()) return Error{ErrorCode::kInvalid, place + ": " + message};
    return Error{ErrorCode::kInvalid,
                 place.substr(0, place.rfind(':') + 1) + std::to_string(line->second) + ": " + message};
  }

  const ZoneSource& zones_;
  const WallTime now_;
  PolicyFile file_;
};

}  // namespace

Result<PolicyFile> ReadPolicy(std::string_view text, std::string_view file, const ZoneSource& zones,
                              WallTime now) {
  ASSIGN_OR_RETURN(const Node root, config::Parse(text, file));
  ASSIGN_OR_RETURN(PolicyFile read, Reader(zones, now).Read(root));
  read.policy.set_source_sha256(std::string(crypto::AsBytes(crypto::Sha256(text))));
  return read;
}

}  // namespace postern::policy
