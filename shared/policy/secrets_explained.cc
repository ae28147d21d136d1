#include "shared/policy/secrets_explained.h"

#include <algorithm>

#include "shared/policy/chain.h"
#include "shared/policy/judge.h"
#include "shared/policy/level_name.h"
#include "shared/policy/secret_words.h"

namespace postern::policy {
namespace {

bool Has(const Level& level, std::string_view rule) {
  return std::find(level.secret_rules.begin(), level.secret_rules.end(), rule) != level.secret_rules.end();
}

}  // namespace

SecretsExplained ExplainSecrets(const Compiled& policy, const Facts& facts, std::string_view rule,
                                std::string_view path) {
  SecretsExplained explained;
  const SecretOrders orders = policy.SecretOrdersFor(facts);
  const SecretVerdict verdict = orders.Judge(rule, path);
  explained.action = WordFor(verdict.action);
  explained.rule = verdict.rule;
  const Chain chain(TablesOf(policy), facts);
  for (const Level* level : chain.levels()) {
    if (!verdict.rule.empty() && Has(*level, verdict.rule)) explained.level = NameOf(*level);
  }
  for (const std::string_view tool : kRestorableTools) {
    if (orders.Restores(tool)) explained.restore.emplace_back(tool);
  }
  explained.answers = policy.secret_terms().answers;
  return explained;
}

}  // namespace postern::policy
