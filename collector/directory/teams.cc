#include "collector/directory/names.h"
#include "collector/directory/people.h"
#include "collector/directory/records.h"

namespace postern::directory {
namespace {

Act On(const char* action, std::string id) { return {action, "team", std::move(id)}; }

Status CheckOsGroups(store::Store& store, const std::string& team, const std::vector<std::string>& groups) {
  RETURN_IF_ERROR(CheckList(groups, "OS groups", CheckOsName));
  for (const std::string& group : groups) {
    ASSIGN_OR_RETURN(const auto holders, ReadAll<wire::TeamRecord>(store, OsGroupLabel(group)));
    for (const wire::TeamRecord& holder : holders) {
      if (holder.id() != team)
        return Error{ErrorCode::kInvalid,
                     "the OS group \"" + group + "\" is team \"" + holder.id() + "\"'s already"};
    }
  }
  return Ok{};
}

}  // namespace

Result<wire::TeamRecord> People::CreateTeam(const Actor& actor, const NewTeam& team) {
  wire::TeamRecord made;
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    RETURN_IF_ERROR(CheckName(team.id, "a team's id"));
    if (!team.organisation.empty()) RETURN_IF_ERROR(CheckUserId(team.organisation));
    ASSIGN_OR_RETURN(const auto before, Read<wire::TeamRecord>(store, team.id));
    if (before && !before->removed()) return Taken("team", team.id);
    RETURN_IF_ERROR(CheckCredentials(store, team.credentials));
    RETURN_IF_ERROR(CheckOsGroups(store, team.id, team.os_groups));
    made.Clear();
    made.set_id(team.id);
    made.set_organisation(team.organisation.empty() ? organisation_ : team.organisation);
    Assign(made.mutable_credentials(), team.credentials);
    Assign(made.mutable_os_groups(), team.os_groups);
    made.set_created(registrar_.now());
    made.set_revision(before ? before->revision() : 0);
    Draft draft;
    draft.change.records = {PutOf(made)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("team.create", team.id), decide));
  made.set_revision(revision);
  return made;
}

Result<wire::TeamRecord> People::UpdateTeam(const Actor& actor, const std::string& id,
                                            const TeamUpdate& update) {
  wire::TeamRecord changed;
  bool written = false;
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto team, ReadLive<wire::TeamRecord>(store, id));
    if (!team) return NoSuch("team", id);
    const std::string before = team->SerializeAsString();
    Draft draft;
    draft.sentence = "changed:";
    if (update.credentials) {
      RETURN_IF_ERROR(CheckCredentials(store, *update.credentials));
      Assign(team->mutable_credentials(), *update.credentials);
      draft.sentence += " credentials";
    }
    if (update.os_groups) {
      RETURN_IF_ERROR(CheckOsGroups(store, id, *update.os_groups));
      Assign(team->mutable_os_groups(), *update.os_groups);
      draft.sentence += " os_groups";
    }
    written = team->SerializeAsString() != before;
    changed = *team;
    if (written) draft.change.records.push_back(PutOf(*std::move(team)));
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("team.update", id), decide));
  if (written) changed.set_revision(revision);
  return changed;
}

Status People::RemoveTeam(const Actor& actor, const std::string& id) {
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto team, ReadLive<wire::TeamRecord>(store, id));
    if (!team) return NoSuch("team", id);
    ASSIGN_OR_RETURN(const auto members,
                     store.List(store::RecordKind::kUser, TeamLabel(id), std::nullopt, 1));
    if (!members.records.empty())
      return Error{ErrorCode::kDenied, "the team \"" + id + "\" has users; move them to another one first"};
    team->set_removed(true);
    Draft draft;
    draft.change.records.push_back(PutOf(*std::move(team)));
    return draft;
  };
  if (auto done = registrar_.Perform(actor, On("team.remove", id), decide); !done) return done.error();
  return Ok{};
}

Result<wire::TeamRecord> People::FindTeam(const std::string& id) {
  ASSIGN_OR_RETURN(auto team, ReadLive<wire::TeamRecord>(registrar_.store(), id));
  if (!team) return NoSuch("team", id);
  return *std::move(team);
}

Result<Page<wire::TeamRecord>> People::ListTeams(const PageRequest& page) {
  return ListPage<wire::TeamRecord>(registrar_.store(), std::nullopt, page,
                                    [](const wire::TeamRecord& team) { return !team.removed(); });
}

}  // namespace postern::directory
