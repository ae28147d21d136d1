// Users and teams, and which of them an OS user of some host is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/directory/page.h"
#include "collector/directory/registrar.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

struct NewUser {
  std::string id;    // "alice@example.com"
  std::string team;  // empty: in none
  std::string name;
  std::vector<std::string> os_names;
};

// What is set is changed.
struct UserUpdate {
  std::optional<std::string> team;
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> os_names;
  std::optional<bool> disabled;
};

struct NewTeam {
  std::string id;
  std::string organisation;  // empty: the collector's
  std::vector<std::string> credentials;
  std::vector<std::string> os_groups;
};

struct TeamUpdate {
  std::optional<std::vector<std::string>> credentials;
  std::optional<std::vector<std::string>> os_groups;
};

// Errors as Keys. Thread-safe.
class People {
 public:
  People(Registrar& registrar, std::string organisation)
      : registrar_(registrar), organisation_(std::move(organisation)) {}

  Result<wire::UserRecord> CreateUser(const Actor& actor, const NewUser& user);
  // A disabled user's keys are all refused until the user is enabled. A change of the team takes the keys
  // along.
  Result<wire::UserRecord> UpdateUser(const Actor& actor, const std::string& id, const UserUpdate& update);
  // Revokes all of the user's keys for ever. One of the same id may be made later and has none of them.
  Status RemoveUser(const Actor& actor, const std::string& id);
  Result<wire::UserRecord> FindUser(const std::string& id);  // kNotFound also where it was removed
  Result<Page<wire::UserRecord>> ListUsers(const std::optional<std::string>& team, const PageRequest& page);

  Result<wire::TeamRecord> CreateTeam(const Actor& actor, const NewTeam& team);
  Result<wire::TeamRecord> UpdateTeam(const Actor& actor, const std::string& id, const TeamUpdate& update);
  // kDenied while there are users in it.
  Status RemoveTeam(const Actor& actor, const std::string& id);
  Result<wire::TeamRecord> FindTeam(const std::string& id);
  Result<Page<wire::TeamRecord>> ListTeams(const PageRequest& page);

  // The user with that OS name; else the team of one of the groups, in which the OS name stands for the user.
  // `known` is false where nobody or more than one fits, or who fits is disabled: fails closed.
  Result<wire::OsPrincipal> ResolveOsUser(const wire::OsIdentity& identity);

 private:
  Registrar& registrar_;
  const std::string organisation_;
};

}  // namespace postern::directory
