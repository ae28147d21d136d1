#include "collector/policy/met_limits.h"

#include <algorithm>
#include <utility>

#include "collector/policy/limit_edit.h"
#include "shared/limits/policy_limits.h"
#include "shared/pricing/model_name.h"

namespace postern::policies {
namespace {

// As the price table calls it, by which limits count.
std::string ModelIn(const policy::Catalogue& catalogue, const std::string& asked) {
  const std::string name = pricing::ParseModelName(asked).id;
  for (const policy::CatalogueModel& model : catalogue.models) {
    if (model.id == name ||
        std::find(model.aliases.begin(), model.aliases.end(), name) != model.aliases.end())
      return model.id;
  }
  return name;
}

}  // namespace

Result<std::vector<MetLimit>> LimitsMet(const wire::Policy& policy, const policy::Compiled& compiled,
                                        const policy::Catalogue& catalogue, const Question& question) {
  std::vector<MetLimit> met;
  if (policy.limits().empty()) return met;
  ASSIGN_OR_RETURN(const limits::Table table, limits::TableOf(policy));
  const std::vector<std::string_view> teams = compiled.TeamsOf(question.team);
  const std::string model = question.model.empty() ? "" : ModelIn(catalogue, question.model);
  std::vector<limits::Match> matches;
  table.Match({.teams = teams,
               .user = question.user,
               .key = question.key,
               .provider = question.provider,
               .model = model},
              matches);
  for (const limits::Match& match : matches) {
    ASSIGN_OR_RETURN(wire::PolicyLimit limit, LimitIn(policy, match.limit->id));
    met.push_back({std::move(limit), match.account});
  }
  return met;
}

}  // namespace postern::policies
