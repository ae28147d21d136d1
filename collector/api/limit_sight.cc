#include "collector/api/limit_sight.h"

#include <algorithm>

#include "collector/api/answers.h"

namespace postern::api {
namespace {

bool IsOfKeys(wire::LimitScope scope) {
  return scope == wire::LIMIT_SCOPE_KEY || scope == wire::LIMIT_SCOPE_KEY_PROVIDER ||
         scope == wire::LIMIT_SCOPE_KEY_MODEL;
}

}  // namespace

Result<LimitSight> LimitSight::Of(const Context& context, const Call& call, const wire::Policy& policy) {
  LimitSight sight;
  ASSIGN_OR_RETURN(const auto own, OwnUser(call, std::nullopt));
  if (!own) return sight;
  sight.is_whole_ = false;
  sight.user_ = *own;
  const auto user = context.parts.directory.people().FindUser(sight.user_);
  if (!user && user.error().code != ErrorCode::kNotFound) return user.error();
  if (user) sight.AddTeams(policy, user->team());
  directory::PageRequest page{.cursor = {}, .limit = store::Store::kMaxPage};
  do {
    ASSIGN_OR_RETURN(const auto keys, context.parts.directory.keys().List({.user = own, .team = {}}, page));
    for (const wire::KeyRecord& key : keys.items) sight.keys_.insert(key.id());
    page.cursor = keys.next;
  } while (page.cursor);
  return sight;
}

bool LimitSight::Has(const wire::PolicyLimit& limit) const {
  return limit.subject().empty() || IsOwn(limit.scope(), limit.subject());
}

bool LimitSight::Has(const wire::PolicyLimit& limit, std::string_view account) const {
  if (!Has(limit)) return false;
  if (!limit.subject().empty() || limit.scope() == wire::LIMIT_SCOPE_ORGANISATION) return true;
  std::string_view subject = account.substr(std::min(account.size(), limit.id().size() + 1));
  if (IsOfKeys(limit.scope())) subject = subject.substr(0, subject.find('/'));
  return IsOwn(limit.scope(), std::string(subject));
}

bool LimitSight::IsOwn(wire::LimitScope scope, const std::string& subject) const {
  if (is_whole()) return true;
  if (IsOfKeys(scope)) return keys_.contains(subject);
  if (scope == wire::LIMIT_SCOPE_TEAM) return teams_.contains(subject);
  return scope != wire::LIMIT_SCOPE_USER || subject == user_;
}

// The team, and those that it is within.
void LimitSight::AddTeams(const wire::Policy& policy, std::string team) {
  while (!team.empty() && teams_.insert(team).second) {
    const auto found = std::find_if(policy.teams().begin(), policy.teams().end(),
                                    [&](const wire::PolicyTeam& known) { return known.id() == team; });
    team = found == policy.teams().end() ? "" : found->parent();
  }
}

}  // namespace postern::api
