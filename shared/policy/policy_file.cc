#include "shared/policy/policy_file.h"

#include <chrono>
#include <utility>

#include "shared/crypto/sha256.h"
#include "shared/policy/compiled.h"
#include "shared/policy/limits_reader.h"
#include "shared/policy/rules_reader.h"
#include "shared/policy/secrets_reader.h"
#include "shared/policy/signed.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

using config::Map;
using config::Node;

constexpr std::chrono::seconds kLeastTtl = std::chrono::minutes(1);
constexpr std::chrono::seconds kMostTtl = std::chrono::days(30);

class Reader {
 public:
  Reader(const ZoneSource& zones, WallTime now) : zones_(zones), now_(now) {}

  Result<PolicyFile> Read(const Node& root) {
    ASSIGN_OR_RETURN(const Map map, root.AsMap({"organisation", "staleness", "secrets", "teams", "groups",
                                                "users", "keys", "limits", "offline", "admission"}));
    wire::Policy& policy = file_.policy;
    policy.set_format(kFormat);
    ASSIGN_OR_RETURN(const Node organisation, map.Require("organisation"));
    RETURN_IF_ERROR(ReadOrganisation(organisation));
    if (const auto node = map.Find("staleness")) RETURN_IF_ERROR(ReadStaleness(*node));
    if (const auto node = map.Find("secrets"))
      RETURN_IF_ERROR(ReadSecretTerms(rules_, *node, *policy.mutable_secrets()));
    if (const auto node = map.Find("teams")) RETURN_IF_ERROR(ReadTeams(*node, ""));
    if (const auto node = map.Find("groups")) RETURN_IF_ERROR(ReadGroups(*node));
    if (const auto node = map.Find("users"))
      RETURN_IF_ERROR(ReadLevels(*node, "users.", *policy.mutable_users()));
    if (const auto node = map.Find("keys"))
      RETURN_IF_ERROR(ReadLevels(*node, "keys.", *policy.mutable_keys()));
    if (const auto node = map.Find("limits")) RETURN_IF_ERROR(ReadLimits(*node, file_));
    if (const auto node = map.Find("offline")) RETURN_IF_ERROR(ReadOffline(*node, policy));
    if (const auto node = map.Find("admission")) RETURN_IF_ERROR(ReadAdmissionCaps(*node, policy));
    RETURN_IF_ERROR(CheckWhole(root));
    return std::move(file_);
  }

 private:
  Status ReadOrganisation(const Node& node) {
    ASSIGN_OR_RETURN(const Map map, node.AsMap({"name", "time_zone", POSTERN_RULE_KEYS}));
    rules_.Note("organisation", node);
    ASSIGN_OR_RETURN(const Node name, map.Require("name"));
    ASSIGN_OR_RETURN(*file_.policy.mutable_organisation(), name.AsString());
    RETURN_IF_ERROR(RulesReader::CheckName(name, file_.policy.organisation()));
    // First: dates are read in it.
    *file_.policy.mutable_time_zone() = Utc();
    if (const auto zone = map.Find("time_zone")) RETURN_IF_ERROR(ReadTimeZone(*zone));
    return rules_.Read(map, "organisation.", *file_.policy.mutable_defaults());
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
      RETURN_IF_ERROR(rules_.Read(map, "teams." + id + ".", *team.mutable_rules()));
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
      RETURN_IF_ERROR(rules_.ReadNames(users, "groups." + id + ".users", add));
      RETURN_IF_ERROR(rules_.Read(map, "groups." + id + ".", *group.mutable_rules()));
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
      RETURN_IF_ERROR(rules_.Read(map, prefix + id + ".", *level.mutable_rules()));
    }
    return Ok{};
  }

  Status NoteLevel(const std::string& rule, const std::string& id, const Node& node) {
    RETURN_IF_ERROR(RulesReader::CheckName(node, id));
    const auto known = file_.lines.find(rule);
    if (known != file_.lines.end())
      return node.Wrong(id + " again",
                        "each name once; the first is on line " + std::to_string(known->second));
    rules_.Note(rule, node);
    return Ok{};
  }

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
  RulesReader rules_{file_};
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
