#include "collector/directory/people.h"

#include <algorithm>
#include <map>

#include "collector/directory/effective.h"
#include "collector/directory/names.h"
#include "collector/directory/records.h"

namespace postern::directory {
namespace {

constexpr size_t kMaxPersonName = 128;

Act On(const char* action, std::string id) { return {action, "user", std::move(id)}; }

Status CheckTeamExists(store::Store& store, const std::string& id) {
  if (id.empty()) return Ok{};
  ASSIGN_OR_RETURN(const auto team, ReadLive<wire::TeamRecord>(store, id));
  if (!team) return NoSuch("team", id);
  return Ok{};
}

// An OS name may be one person's only: else nobody could say whose a process is.
Status CheckOsNames(store::Store& store, const std::string& user, const std::vector<std::string>& names) {
  RETURN_IF_ERROR(CheckList(names, "OS names", CheckOsName));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const auto holders, ReadAll<wire::UserRecord>(store, OsNameLabel(name)));
    for (const wire::UserRecord& holder : holders) {
      if (holder.id() != user)
        return Error{ErrorCode::kInvalid,
                     "the OS name \"" + name + "\" is \"" + holder.id() + "\"'s already"};
    }
  }
  return Ok{};
}

// The user's keys that are not revoked, in the user's new team.
Status MoveKeys(store::Store& store, const wire::UserRecord& user, store::Change& change) {
  ASSIGN_OR_RETURN(auto keys, ReadAll<wire::KeyRecord>(store, LiveLabel(user.id())));
  for (wire::KeyRecord& key : keys) {
    key.set_team(user.team());
    change.records.push_back(PutOf(std::move(key)));
  }
  return Ok{};
}

// Changes the record as asked and says which fields those were.
Result<std::string> ApplyUpdate(store::Store& store, const UserUpdate& update, wire::UserRecord& user) {
  std::string changed = "changed:";
  if (update.team) {
    RETURN_IF_ERROR(CheckTeamExists(store, *update.team));
    user.set_team(*update.team);
    changed += " team";
  }
  if (update.name) {
    RETURN_IF_ERROR(CheckText(*update.name, "a user's name", kMaxPersonName));
    user.set_name(*update.name);
    changed += " name";
  }
  if (update.os_names) {
    RETURN_IF_ERROR(CheckOsNames(store, user.id(), *update.os_names));
    Assign(user.mutable_os_names(), *update.os_names);
    changed += " os_names";
  }
  if (update.disabled) {
    user.set_disabled(*update.disabled);
    changed += *update.disabled ? " disabled" : " enabled";
  }
  return changed;
}

// The teams that the OS user's groups are of; none for whoever was a user here and was removed, nor for a
// name that is the id of a user who is shut out: it would stand for that user.
Result<std::map<std::string, wire::TeamRecord>> TeamsOfGroups(store::Store& store,
                                                              const wire::OsIdentity& identity) {
  std::map<std::string, wire::TeamRecord> teams;
  ASSIGN_OR_RETURN(const auto removed,
                   store.List(store::RecordKind::kUser, FormerOsNameLabel(identity.name()), std::nullopt, 1));
  if (!removed.records.empty()) return teams;
  ASSIGN_OR_RETURN(const auto namesake, Read<wire::UserRecord>(store, identity.name()));
  if (namesake && (namesake->removed() || namesake->disabled())) return teams;
  for (const std::string& group : identity.groups()) {
    ASSIGN_OR_RETURN(const auto found, ReadAll<wire::TeamRecord>(store, OsGroupLabel(group)));
    for (const wire::TeamRecord& team : found) teams.emplace(team.id(), team);
  }
  return teams;
}

}  // namespace

Result<wire::UserRecord> People::CreateUser(const Actor& actor, const NewUser& user) {
  wire::UserRecord made;
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    RETURN_IF_ERROR(CheckUserId(user.id));
    RETURN_IF_ERROR(CheckText(user.name, "a user's name", kMaxPersonName));
    RETURN_IF_ERROR(CheckTeamExists(store, user.team));
    ASSIGN_OR_RETURN(const auto before, Read<wire::UserRecord>(store, user.id));
    if (before && !before->removed()) return Taken("user", user.id);
    RETURN_IF_ERROR(CheckOsNames(store, user.id, user.os_names));
    made.Clear();
    made.set_id(user.id);
    made.set_team(user.team);
    made.set_name(user.name);
    Assign(made.mutable_os_names(), user.os_names);
    made.set_created(registrar_.now());
    made.set_revision(before ? before->revision() : 0);
    Draft draft;
    draft.change.records = {PutOf(made)};
    if (!user.team.empty()) draft.sentence = "in team " + user.team;
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("user.create", user.id), decide));
  made.set_revision(revision);
  return made;
}

Result<wire::UserRecord> People::UpdateUser(const Actor& actor, const std::string& id,
                                            const UserUpdate& update) {
  wire::UserRecord changed;
  bool written = false;
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto user, ReadLive<wire::UserRecord>(store, id));
    if (!user) return NoSuch("user", id);
    const wire::UserRecord before = *user;
    Draft draft;
    ASSIGN_OR_RETURN(draft.sentence, ApplyUpdate(store, update, *user));
    if (user->team() != before.team()) RETURN_IF_ERROR(MoveKeys(store, *user, draft.change));
    written = user->SerializeAsString() != before.SerializeAsString();
    changed = *user;
    if (written) draft.change.records.push_back(PutOf(*std::move(user)));
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("user.update", id), decide));
  if (written) changed.set_revision(revision);
  return changed;
}

Status People::RemoveUser(const Actor& actor, const std::string& id) {
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto user, ReadLive<wire::UserRecord>(store, id));
    if (!user) return NoSuch("user", id);
    ASSIGN_OR_RETURN(auto keys, ReadAll<wire::KeyRecord>(store, LiveLabel(id)));
    Draft draft;
    draft.sentence = "revoked " + std::to_string(keys.size()) + " keys";
    for (wire::KeyRecord& key : keys) {
      key.set_revoked(true);
      key.set_sentence("its user was removed; ask your administrator.");
      draft.change.records.push_back(PutOf(std::move(key)));
    }
    user->set_removed(true);
    draft.change.records.push_back(PutOf(*std::move(user)));
    return draft;
  };
  if (auto done = registrar_.Perform(actor, On("user.remove", id), decide); !done) return done.error();
  return Ok{};
}

Result<wire::UserRecord> People::FindUser(const std::string& id) {
  ASSIGN_OR_RETURN(auto user, ReadLive<wire::UserRecord>(registrar_.store(), id));
  if (!user) return NoSuch("user", id);
  return *std::move(user);
}

Result<Page<wire::UserRecord>> People::ListUsers(const std::optional<std::string>& team,
                                                 const PageRequest& page) {
  std::optional<std::string> label;
  if (team) label = TeamLabel(*team);
  return ListPage<wire::UserRecord>(registrar_.store(), label, page,
                                    [](const wire::UserRecord& user) { return !user.removed(); });
}

Result<wire::OsPrincipal> People::ResolveOsUser(const wire::OsIdentity& identity) {
  store::Store& store = registrar_.store();
  wire::OsPrincipal principal;
  principal.set_uid(identity.uid());
  principal.set_name(identity.name());
  if (identity.name().empty()) return principal;
  ASSIGN_OR_RETURN(const auto users, ReadAll<wire::UserRecord>(store, OsNameLabel(identity.name())));
  std::map<std::string, wire::TeamRecord> teams;
  if (users.empty()) {
    ASSIGN_OR_RETURN(teams, TeamsOfGroups(store, identity));
  }
  if (users.size() > 1 || (users.empty() && teams.size() != 1)) return principal;
  Standings standings(store, organisation_);
  ASSIGN_OR_RETURN(const Standing standing,
                   users.empty() ? standings.OfTeam(teams.begin()->first) : standings.Of(users.front().id()));
  if (!standing.why_not.empty()) return principal;
  principal.set_known(true);
  principal.set_user(users.empty() ? identity.name() : users.front().id());
  principal.set_team(standing.team);
  principal.set_organisation(standing.organisation);
  Assign(principal.mutable_credentials(), standing.credentials);
  return principal;
}

}  // namespace postern::directory
