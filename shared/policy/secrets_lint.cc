#include "shared/policy/secrets_lint.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/edit_distance.h"
#include "shared/policy/glob.h"
#include "shared/policy/secrets.h"
#include "shared/secrets/built_in.h"

namespace postern::policy {
namespace {

class Linting {
 public:
  Linting(const PolicyFile& file, WallTime now)
      : file_(file), seconds_(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()) {}

  std::vector<Concern> Run() {
    const wire::Policy& policy = file_.policy;
    EachLevel("organisation", policy.defaults());
    for (const auto& team : policy.teams()) EachLevel("teams." + team.id(), team.rules());
    for (const auto& group : policy.groups()) EachLevel("groups." + group.id(), group.rules());
    for (const auto& user : policy.users()) EachLevel("users." + user.id(), user.rules());
    for (const auto& key : policy.keys()) EachLevel("keys." + key.id(), key.rules());
    for (int i = 0; i < policy.secrets().allowed_size(); ++i) {
      const int64_t until = policy.secrets().allowed(i).until();
      if (until != 0 && until <= seconds_)
        Say(Weight::kNote, "secrets.allowed[" + std::to_string(i) + "]",
            "this is over: it lets nothing through");
    }
    return std::move(concerns_);
  }

 private:
  void Say(Weight weight, const std::string& rule, std::string sentence) {
    const auto line = file_.lines.find(rule);
    concerns_.push_back({weight, rule, line == file_.lines.end() ? 0 : line->second, std::move(sentence)});
  }

  void EachLevel(const std::string& level, const wire::Rules& rules) {
    const bool is_first = level == "organisation";
    bool all_said = false;  // one before it is for every finding
    for (int i = 0; i < rules.secrets_size(); ++i) {
      const wire::SecretRule& order = rules.secrets(i);
      const std::string rule = level + ".secrets[" + std::to_string(i) + "]";
      if (all_said) Say(Weight::kNote, rule, "a rule before it is for all secrets: this one is never asked");
      else Order(rule, order, is_first);
      all_said = all_said || (order.rules_size() == 0 && order.paths_size() == 0);
    }
    if (!is_first && rules.restore_size() > 0 && file_.policy.defaults().restore_size() == 0)
      Say(Weight::kNote, level + ".restore", "the organisation lists no tools, and so nothing is restored");
  }

  void Order(const std::string& rule, const wire::SecretRule& order, bool is_first) {
    if (!is_first && order.action() <= wire::SECRET_ACTION_WARN)
      Say(Weight::kNote, rule,
          order.action() == wire::SECRET_ACTION_OFF
              ? "off has no effect below the organisation, whose rules levels below can only make stricter"
              : "warn has an effect only where the organisation's rules say off");
    const bool opens_all = order.rules_size() == 0 && order.paths_size() == 0;
    if (is_first && opens_all && order.action() <= wire::SECRET_ACTION_WARN)
      Say(Weight::kNote, rule, "every secret that no rule before it speaks of leaves");
    for (const std::string& pattern : order.rules()) RuleId(rule, pattern);
  }

  void RuleId(const std::string& rule, const std::string& pattern) {
    const std::vector<std::string>& ids = Ids();
    const auto fits = [&pattern](const std::string& id) { return GlobMatches(pattern, id); };
    if (std::any_of(ids.begin(), ids.end(), fits)) return;
    if (HasWildcard(pattern)) return Say(Weight::kNote, rule, "no rule for secrets is meant by " + pattern);
    Say(Weight::kNeedsForce, rule, "there is no rule " + pattern + " for secrets" + DidYouMean(pattern, ids));
  }

  // Of all rules that there are, read where somebody asks.
  const std::vector<std::string>& Ids() {
    if (ids_) return *ids_;
    ids_.emplace();
    const std::string& own = file_.policy.secrets().rules();
    const auto rules = secrets::RulesBesideBuiltIn(own, kSecretRulesName);
    if (rules) {
      for (const secrets::Rule& rule : rules->rules) ids_->push_back(rule.id);
    }
    return *ids_;
  }

  const PolicyFile& file_;
  const int64_t seconds_;
  std::optional<std::vector<std::string>> ids_;
  std::vector<Concern> concerns_;
};

}  // namespace

std::vector<Concern> SecretConcerns(const PolicyFile& file, WallTime now) { return Linting(file, now).Run(); }

}  // namespace postern::policy
