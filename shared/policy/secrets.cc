#include "shared/policy/secrets.h"

#include <algorithm>

#include "shared/policy/chain.h"
#include "shared/policy/compiled.h"
#include "shared/policy/glob.h"
#include "shared/policy/limits.h"
#include "shared/policy/tables.h"

namespace postern::policy {
namespace {

template <class Patterns>
bool FitsAny(const Patterns& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [name](const std::string& pattern) { return GlobMatches(pattern, name); });
}

bool Fits(const wire::SecretRule& order, std::string_view rule, std::string_view path) {
  if (order.rules_size() > 0 && !FitsAny(order.rules(), rule)) return false;
  return order.paths_size() == 0 || (!path.empty() && FitsAny(order.paths(), path));
}

// The level's first that fits; silent where none does.
SecretVerdict Ask(const Level& level, std::string_view rule, std::string_view path) {
  const auto& orders = level.scalars.secrets();
  for (int i = 0; i < orders.size(); ++i) {
    if (Fits(orders[i], rule, path)) return {orders[i].action(), level.secret_rules[static_cast<size_t>(i)]};
  }
  return {wire::SECRET_ACTION_INHERIT, {}};
}

bool HasRestored(const Level& level, std::string_view tool) {
  const auto& tools = level.scalars.restore();
  return std::find(tools.begin(), tools.end(), tool) != tools.end();
}

}  // namespace

SecretVerdict SecretOrders::Judge(std::string_view rule, std::string_view path) const {
  const std::string_view tried = path.substr(0, kMostTriedPathBytes);
  SecretVerdict verdict;
  for (const Level* level : levels_) {
    const SecretVerdict said = Ask(*level, rule, tried);
    if (said.action == wire::SECRET_ACTION_INHERIT) continue;
    if (level->kind == LevelKind::kOrganisation || said.action > verdict.action) verdict = said;
  }
  return verdict;
}

bool SecretOrders::Restores(std::string_view tool) const {
  return restores_any_ &&
         std::find(kRestorableTools.begin(), kRestorableTools.end(), tool) != kRestorableTools.end() &&
         std::all_of(levels_.begin(), levels_.end(), [tool](const Level* level) {
           return !level->scalars.restore_listed() || HasRestored(*level, tool);
         });
}

bool SecretOrders::RestoresAny() const {
  return std::any_of(kRestorableTools.begin(), kRestorableTools.end(),
                     [this](std::string_view tool) { return Restores(tool); });
}

SecretOrders Compiled::SecretOrdersFor(const Facts& facts) const {
  SecretOrders orders;
  const Chain chain(*tables_, facts);
  if (!chain.Sets(Scalar::kSecrets)) return orders;
  for (const Level* level : chain.levels()) {
    if ((level->sets & BitOf(Scalar::kSecrets)) != 0) orders.levels_.push_back(level);
  }
  const Level& first = *orders.levels_.front();
  orders.restores_any_ = first.kind == LevelKind::kOrganisation && first.scalars.restore_listed();
  return orders;
}

const SecretTerms& Compiled::secret_terms() const { return tables_->secret_terms; }

std::string_view Compiled::AllowsSecret(std::string_view fingerprint, WallTime now) const {
  const auto found = tables_->allowed_secrets.find(fingerprint);
  if (found == tables_->allowed_secrets.end()) return {};
  const AllowedSecret& allowed = found->second;
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  return allowed.until == 0 || seconds < allowed.until ? std::string_view(allowed.rule) : std::string_view();
}

}  // namespace postern::policy
