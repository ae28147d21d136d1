#include "shared/policy/secrets_reader.h"

#include <utility>

#include "shared/base/hex.h"
#include "shared/policy/glob.h"
#include "shared/policy/limits.h"
#include "shared/policy/secrets.h"
#include "shared/secrets/built_in.h"

namespace postern::policy {
namespace {

using config::Map;
using config::Node;

template <class Add>
Status ReadPatternList(const Node& node, const Add& add) {
  ASSIGN_OR_RETURN(const auto items, node.AsList());
  if (items.empty())
    return node.Wrong("an empty list", "at least one pattern; without the key all are meant");
  for (const Node& item : items) {
    ASSIGN_OR_RETURN(std::string text, item.AsString());
    if (const Status sound = CheckPattern(text); !sound)
      return item.Wrong(sound.error().message, "a name, or a pattern with * and ? in it");
    add(std::move(text));
  }
  return Ok{};
}

wire::SecretAction ActionOf(const std::string& word) {
  if (word == "off") return wire::SECRET_ACTION_OFF;
  if (word == "warn") return wire::SECRET_ACTION_WARN;
  return word == "block" ? wire::SECRET_ACTION_BLOCK : wire::SECRET_ACTION_REDACT;
}

Status ReadOrder(const Node& node, wire::SecretRule& order) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"rules", "paths", "action"}));
  if (const auto rules = map.Find("rules")) {
    const auto add = [&order](std::string text) { order.add_rules(std::move(text)); };
    RETURN_IF_ERROR(ReadPatternList(*rules, add));
  }
  if (const auto paths = map.Find("paths")) {
    const auto add = [&order](std::string text) { order.add_paths(std::move(text)); };
    RETURN_IF_ERROR(ReadPatternList(*paths, add));
  }
  ASSIGN_OR_RETURN(const Node action, map.Require("action"));
  ASSIGN_OR_RETURN(const std::string word, action.AsOneOf({"off", "warn", "redact", "block"}));
  order.set_action(ActionOf(word));
  return Ok{};
}

Status ReadAllowed(RulesReader& reader, const Node& node, wire::AllowedSecret& allowed) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"fingerprint", "reason", "until"}));
  ASSIGN_OR_RETURN(const Node fingerprint, map.Require("fingerprint"));
  ASSIGN_OR_RETURN(const std::string text, fingerprint.AsString());
  const auto bytes = FromHex(text);
  if (!bytes || bytes->size() != kFingerprintBytes)
    return fingerprint.Wrong("\"" + text.substr(0, 60) + "\"",
                             "the 32 hexadecimal digits with which a finding names the secret, in quotes");
  allowed.set_fingerprint(*bytes);
  ASSIGN_OR_RETURN(const Node reason, map.Require("reason"));
  ASSIGN_OR_RETURN(*allowed.mutable_reason(), reason.AsString());
  if (allowed.reason().size() > kMostMessageBytes)
    return reason.Wrong("a text of " + std::to_string(allowed.reason().size()) + " bytes", "at most 512");
  if (const auto until = map.Find("until")) {
    ASSIGN_OR_RETURN(const int64_t seconds, reader.ReadDate(*until));
    allowed.set_until(seconds);
  }
  return Ok{};
}

// Errors of the rules name lines of their own text, which stands within the file's.
Status ReadOwnRules(const Node& node, wire::Secrets& secrets) {
  ASSIGN_OR_RETURN(*secrets.mutable_rules(), node.AsText());
  if (secrets.rules().size() > kMostSecretRulesBytes)
    return node.Wrong("a text of " + std::to_string(secrets.rules().size()) + " bytes", "at most 256 KiB");
  const auto rules = secrets::RulesBesideBuiltIn(secrets.rules(), kSecretRulesName);
  if (!rules) return Error{ErrorCode::kInvalid, node.Where() + ": in this text " + rules.error().message};
  return Ok{};
}

}  // namespace

Status ReadSecretRules(RulesReader& reader, const Map& map, const std::string& prefix, wire::Rules& rules) {
  if (const auto node = map.Find("secrets")) {
    reader.Note(prefix + "secrets", *node);
    ASSIGN_OR_RETURN(const auto items, node->AsList());
    if (items.size() > kMostSecretOrders)
      return node->Wrong(std::to_string(items.size()) + " rules", "at most 64");
    for (size_t i = 0; i < items.size(); ++i) {
      reader.Note(prefix + "secrets[" + std::to_string(i) + "]", items[i]);
      RETURN_IF_ERROR(ReadOrder(items[i], *rules.add_secrets()));
    }
  }
  const auto node = map.Find("restore");
  if (!node) return Ok{};
  reader.Note(prefix + "restore", *node);
  rules.set_restore_listed(true);
  ASSIGN_OR_RETURN(const auto items, node->AsList());
  for (const Node& item : items) {
    ASSIGN_OR_RETURN(std::string tool, item.AsOneOf({kRestorableTools[0], kRestorableTools[1],
                                                     kRestorableTools[2], kRestorableTools[3]}));
    rules.add_restore(std::move(tool));
  }
  return Ok{};
}

Status ReadSecretTerms(RulesReader& reader, const Node& node, wire::Secrets& secrets) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"answers", "allowed", "rules"}));
  if (const auto answers = map.Find("answers")) {
    ASSIGN_OR_RETURN(const bool looked_at, answers->AsBool());
    secrets.set_answers(looked_at);
  }
  if (const auto allowed = map.Find("allowed")) {
    ASSIGN_OR_RETURN(const auto items, allowed->AsList());
    if (items.size() > kMostAllowedSecrets)
      return allowed->Wrong(std::to_string(items.size()) + " secrets", "at most 10,000");
    for (size_t i = 0; i < items.size(); ++i) {
      reader.Note("secrets.allowed[" + std::to_string(i) + "]", items[i]);
      RETURN_IF_ERROR(ReadAllowed(reader, items[i], *secrets.add_allowed()));
    }
  }
  if (const auto rules = map.Find("rules")) {
    reader.Note("secrets.rules", *rules);
    RETURN_IF_ERROR(ReadOwnRules(*rules, secrets));
  }
  return Ok{};
}

}  // namespace postern::policy
