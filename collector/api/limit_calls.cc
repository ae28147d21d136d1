// Budgets and rate limits: which there are, how much of them is spent and who holds the rest, and changes of
// them, each of which is a version of the policy.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "collector/api/answers.h"
#include "collector/api/limit_body.h"
#include "collector/api/limit_sight.h"
#include "collector/api/limit_view.h"
#include "collector/api/made_version.h"
#include "collector/directory/names.h"
#include "collector/policy/limit_edit.h"
#include "shared/limits/policy_limits.h"

namespace postern::api {
namespace {

using limits::Table;

constexpr size_t kMostAccounts = 1000;  // that are shown of one limit

Result<std::shared_ptr<const policies::Issued>> InForce(const Context& context) {
  return context.parts.policies.Current();
}

Status RequireAccounts(const Context& context) {
  if (context.parts.statements && context.parts.reset) return Ok{};
  return Error{ErrorCode::kUnavailable, "this collector keeps no accounts"};
}

const char* StateOf(const wire::AgentRecord& agent, uint64_t incarnation, const intake::Presence& presence) {
  if (agent.incarnation() != incarnation) return "earlier";
  if (agent.state() == wire::AGENT_QUARANTINED) return "quarantined";
  if (agent.state() == wire::AGENT_REVOKED) return "revoked";
  const auto present = presence.Find(agent.id());
  return present && present->connected ? "connected" : "away";
}

ViewOf ViewsOf(const Context& context) {
  return [&context](const ledger::Holder& holder) {
    const auto agent = context.parts.directory.agents().Find(holder.agent);
    if (!agent) return HolderView();
    return HolderView{agent->host(), StateOf(*agent, holder.incarnation, context.parts.presence)};
  };
}

// Rather than one for each that comes.
bool HasOneAccount(const wire::PolicyLimit& limit) {
  switch (limit.scope()) {
    case wire::LIMIT_SCOPE_ORGANISATION: return true;
    case wire::LIMIT_SCOPE_KEY_PROVIDER:
    case wire::LIMIT_SCOPE_KEY_MODEL: return !limit.subject().empty() && !limit.within().empty();
    default: return !limit.subject().empty();
  }
}

// Those whose window isn't over, the fullest first; an account of its own that nobody has asked anything of
// is whole.
Result<std::vector<ledger::Statement>> StatementsOf(const Context& context, const wire::PolicyLimit& limit,
                                                    const Table& table, const LimitSight& sight,
                                                    WallTime now) {
  RETURN_IF_ERROR(RequireAccounts(context));
  const bool is_single = HasOneAccount(limit);
  ASSIGN_OR_RETURN(const auto all, context.parts.statements(is_single ? limit.id() : ""));
  const limits::Limit* const known = table.Find(limit.id());
  std::vector<ledger::Statement> own;
  for (const ledger::Statement& statement : all) {
    if (limits::LimitOf(statement.account) == limit.id() && now < statement.window.end &&
        sight.Has(limit, statement.account))
      own.push_back(known == nullptr ? statement : SinceReset(statement, *known, now));
  }
  const auto holds_now = [&](const ledger::Statement& statement) { return statement.window.Contains(now); };
  if (is_single && known != nullptr && std::none_of(own.begin(), own.end(), holds_now))
    own.push_back(UntouchedStatement(*known, table, limit.id(), now));
  const auto is_fuller = [](const ledger::Statement& a, const ledger::Statement& b) {
    // Of equal amounts most often; of others the order doesn't matter much.
    return a.spent != b.spent ? a.spent > b.spent : a.account < b.account;
  };
  std::stable_sort(own.begin(), own.end(), is_fuller);
  return own;
}

// Makes a version of the policy in which one limit is another one.
using Edit = std::function<Result<std::string>(const policies::Issued& in_force)>;
Answer Edited(const Context& context, const Call& call, const char* action, const std::string& how,
              const Edit& edit) {
  ASSIGN_OR_RETURN(const MadeQuery query, ReadMadeQuery(call));
  const directory::Act act{action, "limit", call.id};
  return Made(
      context, query.wait,
      context.parts.policies.Edit(call.actor, act, "limit " + call.id + " " + how, edit, query.force));
}

// Each account of the limit that has been spent from, or the one that is asked for.
Result<std::vector<std::string>> AccountsToReset(const Context& context, const wire::PolicyLimit& limit,
                                                 const std::optional<std::string>& asked) {
  if (asked) {
    if (limits::LimitOf(*asked) != limit.id())
      return Error{ErrorCode::kInvalid, "\"account\" must be one of this limit: " + limit.id() +
                                            ", or that with a slash and for whom"};
    return std::vector<std::string>{*asked};
  }
  RETURN_IF_ERROR(RequireAccounts(context));
  ASSIGN_OR_RETURN(const auto statements, context.parts.statements(""));
  std::set<std::string> accounts;
  for (const ledger::Statement& statement : statements) {
    if (limits::LimitOf(statement.account) == limit.id()) accounts.insert(statement.account);
  }
  return std::vector<std::string>(accounts.begin(), accounts.end());
}

// Recorded first: what can't be recorded isn't done.
Status ResetAccounts(const Context& context, const Call& call, const std::vector<std::string>& accounts) {
  RETURN_IF_ERROR(RequireAccounts(context));
  const std::string sentence =
      accounts.size() == 1 ? "account " + accounts[0] : std::to_string(accounts.size()) + " accounts";
  RETURN_IF_ERROR(context.parts.directory.registrar().RecordDone(
      call.actor, {"limit.reset", "limit", call.id}, sentence));
  for (const std::string& account : accounts) RETURN_IF_ERROR(context.parts.reset(account));
  return Ok{};
}

void WriteShown(const Context& context, const wire::PolicyLimit& limit, const wire::TimeZone& zone,
                const std::vector<ledger::Statement>& statements, const LimitSight& sight,
                json::Writer& out) {
  const WallTime now = context.options.wall_now();
  out.BeginObject();
  WriteFields(limit, zone, now, out);
  out.BeginList("accounts");
  const size_t shown = std::min(statements.size(), kMostAccounts);
  for (size_t i = 0; i < shown; ++i) Write({statements[i], sight.is_whole()}, ViewsOf(context), out);
  out.EndList().Integer("accounts_left_out", statements.size() - shown).EndObject();
}

Answer Shown(const Context& context, const policies::Issued& issued, const wire::PolicyLimit& limit,
             const LimitSight& sight) {
  ASSIGN_OR_RETURN(const Table table, limits::TableOf(issued.policy));
  ASSIGN_OR_RETURN(const auto statements,
                   StatementsOf(context, limit, table, sight, context.options.wall_now()));
  return Json(200, [&](json::Writer& out) {
    WriteShown(context, limit, issued.policy.time_zone(), statements, sight, out);
  });
}

}  // namespace

Answer ListLimits(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  ASSIGN_OR_RETURN(const auto issued, InForce(context));
  ASSIGN_OR_RETURN(const LimitSight sight, LimitSight::Of(context, call, issued->policy));
  std::vector<const wire::PolicyLimit*> limits;
  for (const wire::PolicyLimit& limit : issued->policy.limits()) {
    if (sight.Has(limit) && (!query.cursor || limit.id() > *query.cursor)) limits.push_back(&limit);
  }
  std::sort(limits.begin(), limits.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  const size_t count = std::min(limits.size(), query.limit);
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (size_t i = 0; i < count; ++i) {
      out.BeginObject();
      WriteFields(*limits[i], issued->policy.time_zone(), context.options.wall_now(), out);
      out.EndObject();
    }
    out.EndList();
    if (count < limits.size()) out.Text("next", limits[count - 1]->id());
    else out.Null("next");
    out.EndObject();
  });
}

Answer ShowLimit(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto issued, InForce(context));
  ASSIGN_OR_RETURN(const wire::PolicyLimit limit, policies::LimitIn(issued->policy, call.id));
  ASSIGN_OR_RETURN(const LimitSight sight, LimitSight::Of(context, call, issued->policy));
  if (!sight.Has(limit)) return directory::NoSuch("limit", call.id);
  return Shown(context, *issued, limit, sight);
}

Answer SetLimit(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::PolicyLimit wanted, ReadLimit(call));
  return Edited(context, call, "limit.set", "set", [&](const policies::Issued& in_force) {
    wire::PolicyLimit limit = wanted;
    auto before = policies::LimitIn(in_force.policy, call.id);
    // A raise stands until it ends or is ended; one of another unit would be another amount.
    if (before && before->unit() == limit.unit()) {
      limit.set_raise(before->raise());
      limit.set_raise_until(before->raise_until());
    }
    const auto known = before ? std::optional(*before) : std::nullopt;
    return policies::WithLimit(in_force.source, known, limit, in_force.policy.time_zone());
  });
}

Answer RemoveLimit(const Context& context, const Call& call) {
  return Edited(context, call, "limit.remove", "removed",
                [&](const policies::Issued& in_force) -> Result<std::string> {
                  const auto known = policies::LimitIn(in_force.policy, call.id);
                  if (!known) return known.error();
                  return policies::WithoutLimit(in_force.source, call.id);
                });
}

Answer RaiseLimit(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const RaiseBody raise, ReadRaise(context, call));
  return Edited(context, call, "limit.raise", raise.until == 0 ? "no longer raised" : "raised",
                [&](const policies::Issued& in_force) -> Result<std::string> {
                  ASSIGN_OR_RETURN(const wire::PolicyLimit before,
                                   policies::LimitIn(in_force.policy, call.id));
                  wire::PolicyLimit limit = before;
                  limit.set_raise(raise.by);
                  limit.set_raise_until(raise.until);
                  return policies::WithLimit(in_force.source, before, limit, in_force.policy.time_zone());
                });
}

Answer ResetLimit(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kMayBeMissing, {"account"}));
  ASSIGN_OR_RETURN(const auto account, body.OptionalText("account"));
  ASSIGN_OR_RETURN(const auto issued, InForce(context));
  const auto limit = policies::LimitIn(issued->policy, call.id);
  Result<std::vector<std::string>> accounts =
      limit ? AccountsToReset(context, *limit, account) : Result<std::vector<std::string>>(limit.error());
  if (!accounts) {
    RETURN_IF_ERROR(context.parts.directory.registrar().RecordRefusal(
        call.actor, {"limit.reset", "limit", call.id}, accounts.error()));
    return Conflict(accounts.error());
  }
  if (accounts->empty()) accounts->push_back(call.id);
  RETURN_IF_ERROR(ResetAccounts(context, call, *accounts));
  ASSIGN_OR_RETURN(const LimitSight sight, LimitSight::Of(context, call, issued->policy));
  return Shown(context, *issued, *limit, sight);
}

}  // namespace postern::api
