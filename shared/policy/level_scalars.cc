#include "shared/policy/level_scalars.h"

#include "shared/policy/limits.h"
#include "shared/policy/secret_checks.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

Status CheckScalars(const wire::Rules& rules, const std::string& name) {
  const auto wrong = [&name](const std::string& what) {
    return Error{ErrorCode::kInvalid, name + ": " + what};
  };
  if (rules.hours_size() > static_cast<int>(kMostHours)) return wrong("more than 64 stretches of hours");
  for (const wire::Hours& hours : rules.hours()) {
    if (hours.begin() >= hours.end() || hours.end() > kMinutesOfWeek) return wrong("hours outside of a week");
  }
  if (rules.residency_size() > static_cast<int>(kMostTags)) return wrong("more than 32 tags of residency");
  if (rules.message().size() > kMostMessageBytes) return wrong("a message of more than 512 bytes");
  return CheckSecretRules(rules, name);
}

Result<uint8_t> MayWiden(const wire::Rules& rules, const std::string& name) {
  uint8_t bits = 0;
  for (const std::string& kind : rules.may_widen()) {
    size_t i = 0;
    while (i < kKinds && KeyOf(static_cast<Kind>(i)) != kind) ++i;
    if (i == kKinds) return Error{ErrorCode::kInvalid, name + ": may_widen names something that is no list"};
    bits |= BitOf(static_cast<Kind>(i));
  }
  return bits;
}

uint8_t SetsOf(const wire::Rules& rules) {
  const auto bit = [](bool is_set, Scalar scalar) { return is_set ? BitOf(scalar) : uint8_t{0}; };
  return bit(rules.expires() != 0, Scalar::kExpires) | bit(rules.hours_listed(), Scalar::kHours) |
         bit(rules.residency_size() > 0, Scalar::kResidency) |
         bit(rules.context_tokens() != 0, Scalar::kContextTokens) |
         bit(rules.max_tokens() != 0, Scalar::kMaxTokens) |
         bit(rules.secrets_size() > 0 || rules.restore_listed(), Scalar::kSecrets);
}

}  // namespace

Status SetScalars(const wire::Rules& rules, Level& level) {
  const std::string name = level.prefix.substr(0, level.prefix.size() - 1);  // "teams.ml"
  RETURN_IF_ERROR(CheckScalars(rules, name));
  ASSIGN_OR_RETURN(level.may_widen, MayWiden(rules, name));
  level.sets = SetsOf(rules);
  level.scalars = rules;
  for (auto* lists : {level.scalars.mutable_models(), level.scalars.mutable_providers(),
                      level.scalars.mutable_credentials(), level.scalars.mutable_tools(),
                      level.scalars.mutable_hosts(), level.scalars.mutable_os_users()})
    lists->Clear();
  level.says_nothing = level.scalars.ByteSizeLong() == 12;  // six empty lists
  level.expires_rule = level.prefix + "expires";
  level.hours_rule = level.prefix + "hours";
  level.context_rule = level.prefix + "context_tokens";
  level.max_tokens_rule = level.prefix + "max_tokens";
  for (int i = 0; i < rules.residency_size(); ++i)
    level.residency_rules.push_back(level.prefix + "residency[" + std::to_string(i) + "]");
  for (int i = 0; i < rules.secrets_size(); ++i)
    level.secret_rules.push_back(level.prefix + "secrets[" + std::to_string(i) + "]");
  return Ok{};
}

}  // namespace postern::policy
