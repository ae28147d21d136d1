#include "collector/directory/effective.h"

#include <algorithm>

#include "collector/directory/records.h"

namespace postern::directory {

Result<Standing> Standings::OfTeam(const std::string& team) {
  Standing standing;
  standing.organisation = organisation_;
  if (team.empty()) return standing;
  if (const auto known = teams_.find(team); known != teams_.end()) return known->second;
  ASSIGN_OR_RETURN(const auto record, Read<wire::TeamRecord>(store_, team));
  standing.team = team;
  if (record) standing.revision = record->revision();
  if (!record || record->removed()) {
    standing.why_not = "the team of its user was removed; ask your administrator.";
  } else {
    if (!record->organisation().empty()) standing.organisation = record->organisation();
    standing.credentials.assign(record->credentials().begin(), record->credentials().end());
  }
  teams_.emplace(team, standing);
  return standing;
}

Result<Standing> Standings::Of(const std::string& user) {
  if (const auto known = users_.find(user); known != users_.end()) return known->second;
  ASSIGN_OR_RETURN(const auto record, Read<wire::UserRecord>(store_, user));
  ASSIGN_OR_RETURN(Standing standing, OfTeam(record ? record->team() : ""));
  if (record) standing.revision = std::max(standing.revision, record->revision());
  if (!record || record->removed()) standing.why_not = "its user was removed; ask your administrator.";
  else if (record->disabled()) standing.why_not = "its user is disabled; ask your administrator.";
  users_.emplace(user, standing);
  return standing;
}

Result<wire::KeyRecord> Standings::Apply(wire::KeyRecord key) {
  ASSIGN_OR_RETURN(const Standing standing, Of(key.user()));
  key.set_team(standing.team);
  key.set_organisation(standing.organisation);
  key.set_revision(std::max(key.revision(), standing.revision));
  if (key.credentials().empty())
    key.mutable_credentials()->Assign(standing.credentials.begin(), standing.credentials.end());
  if (!standing.why_not.empty() && !key.revoked() && !key.disabled()) {
    key.set_disabled(true);
    key.set_sentence(standing.why_not);
  }
  if (key.sentence().empty() && key.revoked()) key.set_sentence("ask your administrator for another.");
  if (key.sentence().empty() && key.disabled()) key.set_sentence("ask your administrator.");
  return key;
}

}  // namespace postern::directory
