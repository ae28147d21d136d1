#include "shared/policy/secret_checks.h"

#include <algorithm>

#include "shared/policy/glob.h"
#include "shared/policy/limits.h"
#include "shared/secrets/built_in.h"

namespace postern::policy {
namespace {

constexpr size_t kFingerprintKeyBytes = 32;

Error WrongIn(const std::string& name, const std::string& what) {
  return {ErrorCode::kInvalid, name + ": " + what};
}

template <class Patterns>
Status CheckPatterns(const Patterns& patterns, const std::string& name) {
  for (const std::string& pattern : patterns) {
    if (const Status sound = CheckPattern(pattern); !sound) return WrongIn(name, sound.error().message);
  }
  return Ok{};
}

}  // namespace

Status CheckSecretRules(const wire::Rules& rules, const std::string& name) {
  if (rules.secrets_size() > static_cast<int>(kMostSecretOrders))
    return WrongIn(name + ".secrets", "more than 64 rules");
  for (const wire::SecretRule& order : rules.secrets()) {
    if (order.action() < wire::SECRET_ACTION_OFF || order.action() > wire::SECRET_ACTION_BLOCK)
      return WrongIn(name + ".secrets", "an action that isn't known here");
    RETURN_IF_ERROR(CheckPatterns(order.rules(), name + ".secrets"));
    RETURN_IF_ERROR(CheckPatterns(order.paths(), name + ".secrets"));
  }
  for (const std::string& tool : rules.restore()) {
    if (std::find(kRestorableTools.begin(), kRestorableTools.end(), tool) == kRestorableTools.end())
      return WrongIn(name + ".restore", "a tool into whose input nothing may be put back");
  }
  return Ok{};
}

Status SetSecrets(const wire::Secrets& secrets, Tables& tables) {
  if (!secrets.fingerprint_key().empty() && secrets.fingerprint_key().size() != kFingerprintKeyBytes)
    return WrongIn("secrets", "a fingerprint key that hasn't 32 bytes");
  if (secrets.allowed_size() > static_cast<int>(kMostAllowedSecrets))
    return WrongIn("secrets.allowed", "more than 10,000 secrets");
  if (secrets.rules().size() > kMostSecretRulesBytes)
    return WrongIn("secrets.rules", "a text of more than 256 KiB");
  if (!secrets.rules().empty()) {
    const auto rules = secrets::RulesBesideBuiltIn(secrets.rules(), kSecretRulesName);
    if (!rules) return Error{ErrorCode::kInvalid, rules.error().message};
  }
  tables.secret_terms = {secrets.fingerprint_key(), secrets.rules(), secrets.answers()};
  for (int i = 0; i < secrets.allowed_size(); ++i) {
    const wire::AllowedSecret& allowed = secrets.allowed(i);
    const std::string rule = "secrets.allowed[" + std::to_string(i) + "]";
    if (allowed.fingerprint().size() != kFingerprintBytes)
      return WrongIn(rule, "a fingerprint that hasn't 16 bytes");
    if (!tables.allowed_secrets.try_emplace(allowed.fingerprint(), AllowedSecret{allowed.until(), rule})
             .second)
      return WrongIn(rule, "the fingerprint stands there twice");
  }
  return Ok{};
}

}  // namespace postern::policy
