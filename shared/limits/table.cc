#include "shared/limits/table.h"

#include "shared/base/check.h"

namespace postern::limits {
namespace {

bool IsPair(Scope scope) { return scope == Scope::kKeyProvider || scope == Scope::kKeyModel; }

}  // namespace

std::string_view LimitOf(std::string_view account) { return account.substr(0, account.find('/')); }

Result<Table> Table::Make(std::vector<Limit> limits, wire::TimeZone zone) {
  Table table;
  RETURN_IF_ERROR(policy::CheckZone(zone));
  for (uint32_t i = 0; i < limits.size(); ++i) {
    RETURN_IF_ERROR(CheckLimit(limits[i]));
    if (!table.by_id_.emplace(limits[i].id, i).second)
      return Error{ErrorCode::kInvalid, "the limit \"" + limits[i].id + "\" stands twice"};
    table.by_subject_[static_cast<size_t>(limits[i].scope)][limits[i].subject].push_back(i);
  }
  table.limits_ = std::move(limits);
  table.zone_ = std::move(zone);
  return table;
}

void Table::Add(Scope scope, std::string_view subject, std::string_view within, std::string_view subject_name,
                std::vector<limits::Match>& matches) const {
  const Found& found = by_subject_[static_cast<size_t>(scope)];
  const auto at = found.find(subject_name);
  if (at == found.end()) return;
  for (const uint32_t index : at->second) {
    const Limit& limit = limits_[index];
    if (!limit.within.empty() && limit.within != within) continue;
    std::string account = limit.id;
    if (limit.subject.empty() && scope != Scope::kOrganisation) account.append("/").append(subject);
    if (IsPair(scope) && limit.within.empty()) account.append("/").append(within);
    matches.push_back({&limit, std::move(account)});
  }
}

void Table::MatchOne(Scope scope, std::string_view subject, std::string_view within,
                     std::vector<limits::Match>& matches) const {
  if (subject.empty() || (IsPair(scope) && within.empty())) return;
  Add(scope, subject, within, subject, matches);
  Add(scope, subject, within, "", matches);
}

void Table::Match(const Facts& facts, std::vector<limits::Match>& matches) const {
  Add(Scope::kOrganisation, "", "", "", matches);
  for (const std::string_view team : facts.teams) MatchOne(Scope::kTeam, team, "", matches);
  MatchOne(Scope::kUser, facts.user, "", matches);
  MatchOne(Scope::kKey, facts.key, "", matches);
  MatchOne(Scope::kKeyProvider, facts.key, facts.provider, matches);
  MatchOne(Scope::kKeyModel, facts.key, facts.model, matches);
  MatchOne(Scope::kProvider, facts.provider, "", matches);
  MatchOne(Scope::kModel, facts.model, "", matches);
}

const Limit* Table::Find(std::string_view id) const {
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &limits_[at->second];
}

Window Table::WindowOf(const Limit& limit, WallTime time) const {
  return limit.unit == Unit::kConcurrent ? kAlways : CalendarWindow(limit.span, zone_, time);
}

}  // namespace postern::limits
