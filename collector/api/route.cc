#include "collector/api/route.h"

#include <algorithm>
#include <array>

#include "collector/api/handlers.h"

namespace postern::api {
namespace {

using enum Access;

constexpr std::array kRoutes = std::to_array<Route>({
    {"GET", "/healthz", "health", "", kOpen, Health},
    {"GET", "/metrics", "metrics", "", kReaders, ShowMetrics},
    {"GET", "/v1/openapi.yaml", "contract", "", kEverybody, ShowContract},
    {"GET", "/v1/whoami", "whoami", "", kEverybody, Whoami},
    {"POST", "/v1/enrol", "agent.enrol", "agent", kOpen, Enrol},

    {"GET", "/v1/keys", "key.list", "key", kEverybody, ListKeys},
    {"POST", "/v1/keys", "key.create", "key", kAdmin, CreateKey},
    {"GET", "/v1/keys/{id}", "key.show", "key", kEverybody, ShowKey},
    {"PATCH", "/v1/keys/{id}", "key.update", "key", kAdmin, UpdateKey},
    {"POST", "/v1/keys/{id}/disable", "key.disable", "key", kAdmin, DisableKey},
    {"POST", "/v1/keys/{id}/enable", "key.enable", "key", kAdmin, EnableKey},
    {"POST", "/v1/keys/{id}/rotate", "key.rotate", "key", kAdmin, RotateKey},
    {"POST", "/v1/keys/{id}/revoke", "key.revoke", "key", kAdmin, RevokeKey},

    {"GET", "/v1/users", "user.list", "user", kReaders, ListUsers},
    {"POST", "/v1/users", "user.create", "user", kAdmin, CreateUser},
    {"GET", "/v1/users/{id}", "user.show", "user", kReaders, ShowUser},
    {"PATCH", "/v1/users/{id}", "user.update", "user", kAdmin, UpdateUser},
    {"DELETE", "/v1/users/{id}", "user.remove", "user", kAdmin, RemoveUser},

    {"GET", "/v1/teams", "team.list", "team", kReaders, ListTeams},
    {"POST", "/v1/teams", "team.create", "team", kAdmin, CreateTeam},
    {"GET", "/v1/teams/{id}", "team.show", "team", kReaders, ShowTeam},
    {"PATCH", "/v1/teams/{id}", "team.update", "team", kAdmin, UpdateTeam},
    {"DELETE", "/v1/teams/{id}", "team.remove", "team", kAdmin, RemoveTeam},

    {"GET", "/v1/credentials", "credential.list", "credential", kReaders, ListCredentials},
    {"POST", "/v1/credentials", "credential.add", "credential", kAdmin, AddCredential},
    {"GET", "/v1/credentials/{id}", "credential.show", "credential", kReaders, ShowCredential},
    {"DELETE", "/v1/credentials/{id}", "credential.remove", "credential", kAdmin, RemoveCredential},
    {"POST", "/v1/credentials/{id}/rotate", "credential.rotate", "credential", kAdmin, RotateCredential},

    {"GET", "/v1/agents", "agent.list", "agent", kReaders, ListAgents},
    {"GET", "/v1/agents/{id}", "agent.show", "agent", kReaders, ShowAgent},
    {"POST", "/v1/agents/{id}/revoke", "agent.revoke", "agent", kAdmin, RevokeAgent},
    {"POST", "/v1/agents/{id}/forfeit", "agent.forfeit", "agent", kAdmin, ForfeitAgent},

    {"GET", "/v1/reach", "reach", "", kReaders, ShowReach},

    {"GET", "/v1/enrolment-tokens", "enrolment_token.list", "enrolment_token", kReaders, ListEnrolmentTokens},
    {"POST", "/v1/enrolment-tokens", "enrolment_token.create", "enrolment_token", kAdmin,
     CreateEnrolmentToken},
    {"DELETE", "/v1/enrolment-tokens/{id}", "enrolment_token.remove", "enrolment_token", kAdmin,
     RemoveEnrolmentToken},

    {"GET", "/v1/administrators", "administrator.list", "administrator", kReaders, ListAdministrators},
    {"POST", "/v1/administrators", "administrator.create", "administrator", kAdmin, CreateAdministrator},
    {"GET", "/v1/administrators/{id}", "administrator.show", "administrator", kReaders, ShowAdministrator},
    {"DELETE", "/v1/administrators/{id}", "administrator.remove", "administrator", kAdmin,
     RemoveAdministrator},
    {"POST", "/v1/administrators/{id}/rotate", "administrator.rotate", "administrator", kAdmin,
     RotateAdministrator},

    {"GET", "/v1/events", "audit.query", "event", kEverybody, QueryEvents},
    {"GET", "/v1/events/{id}", "audit.show", "event", kEverybody, ShowEvents},
    {"GET", "/v1/usage", "usage", "usage", kEverybody, ShowUsage},

    {"GET", "/v1/policy", "policy.show", "policy", kReaders, ShowPolicy},
    {"PUT", "/v1/policy", "policy.apply", "policy", kAdmin, ApplyPolicy, Effect::kChanges, BodySize::kLarge},
    {"POST", "/v1/policy/check", "policy.check", "policy", kReaders, CheckPolicy, Effect::kNone,
     BodySize::kLarge},
    {"POST", "/v1/policy/diff", "policy.diff", "policy", kReaders, ComparePolicy, Effect::kNone,
     BodySize::kLarge},
    {"POST", "/v1/policy/explain", "policy.explain", "policy", kEverybody, ExplainPolicy, Effect::kNone},
    {"GET", "/v1/policy/versions", "policy.history", "policy", kReaders, ListPolicyVersions},
    {"GET", "/v1/policy/versions/{id}", "policy.version", "policy", kReaders, ShowPolicyVersion},
    {"POST", "/v1/policy/rollback", "policy.rollback", "policy", kAdmin, RollbackPolicy},
    {"GET", "/v1/limits", "limit.list", "limit", kEverybody, ListLimits},
    {"GET", "/v1/limits/{id}", "limit.show", "limit", kEverybody, ShowLimit},
    {"PUT", "/v1/limits/{id}", "limit.set", "limit", kAdmin, SetLimit},
    {"DELETE", "/v1/limits/{id}", "limit.remove", "limit", kAdmin, RemoveLimit},
    {"POST", "/v1/limits/{id}/raise", "limit.raise", "limit", kAdmin, RaiseLimit},
    {"POST", "/v1/limits/{id}/reset", "limit.reset", "limit", kAdmin, ResetLimit},
    {"GET", "/v1/secrets/allowed", "secret.list", "secret", kReaders, ListAllowedSecrets},
    {"POST", "/v1/secrets/allowed", "secret.allow", "secret", kAdmin, AllowSecret},
    {"DELETE", "/v1/secrets/allowed/{id}", "secret.remove", "secret", kAdmin, RemoveAllowedSecret},
    {"GET", "/v1/freeze", "freeze.show", "everything", kReaders, ShowFreeze},
    {"POST", "/v1/freeze", "freeze", "everything", kAdmin, FreezeAll},
    {"POST", "/v1/thaw", "thaw", "everything", kAdmin, ThawAll},
});

// Whether the pattern's parts are the path's; `id` gets what stands for {id}.
bool Fits(std::string_view pattern, const std::vector<std::string>& segments, std::string& id) {
  size_t segment = 0;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the slash
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(part.size());
    if (segment == segments.size()) return false;
    const std::string& given = segments[segment++];
    if (part == "{id}") {
      if (given.empty()) return false;
      id = given;
    } else if (part != given) {
      return false;
    }
  }
  return segment == segments.size();
}

}  // namespace

bool MayCall(Access access, wire::Role role) {
  switch (access) {
    case kOpen: return true;
    case kEverybody:
      return role == wire::ROLE_ADMIN || role == wire::ROLE_VIEWER || role == wire::ROLE_DEVELOPER;
    case kReaders: return role == wire::ROLE_ADMIN || role == wire::ROLE_VIEWER;
    case kAdmin: return role == wire::ROLE_ADMIN;
  }
  return false;
}

std::span<const Route> Routes() { return kRoutes; }

Match FindRoute(std::string_view method, const std::vector<std::string>& segments) {
  Match match;
  for (const Route& route : kRoutes) {
    std::string id;
    if (!Fits(route.path, segments, id)) continue;
    if (route.method == method) return {&route, std::move(id), {}};
    match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return match;
}

}  // namespace postern::api
