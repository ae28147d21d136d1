#include "collector/directory/records.h"

#include "collector/directory/names.h"

namespace postern::directory {

std::vector<std::string> RecordTraits<wire::KeyRecord>::Labels(const wire::KeyRecord& key) {
  std::vector<std::string> labels{UserLabel(key.user())};
  if (!key.team().empty()) labels.push_back(TeamLabel(key.team()));
  if (!key.revoked()) labels.push_back(LiveLabel(key.user()));
  return labels;
}

std::vector<std::string> RecordTraits<wire::UserRecord>::Labels(const wire::UserRecord& user) {
  std::vector<std::string> labels;
  if (user.removed()) {
    for (const std::string& name : user.os_names()) labels.push_back(FormerOsNameLabel(name));
    return labels;
  }
  if (!user.team().empty()) labels.push_back(TeamLabel(user.team()));
  for (const std::string& name : user.os_names()) labels.push_back(OsNameLabel(name));
  return labels;
}

std::vector<std::string> RecordTraits<wire::TeamRecord>::Labels(const wire::TeamRecord& team) {
  std::vector<std::string> labels;
  if (team.removed()) return labels;
  for (const std::string& group : team.os_groups()) labels.push_back(OsGroupLabel(group));
  return labels;
}

std::vector<std::string> RecordTraits<wire::AdministratorRecord>::Labels(
    const wire::AdministratorRecord& administrator) {
  const bool lasting = administrator.role() == wire::ROLE_ADMIN && administrator.expires() == 0;
  if (administrator.removed() || !lasting) return {};
  return {kLastingAdminLabel};
}

Status CheckCredentials(store::Store& store, const std::vector<std::string>& names) {
  RETURN_IF_ERROR(CheckList(names, "credentials",
                            [](std::string_view name) { return CheckName(name, "a credential's name"); }));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const auto credential, ReadLive<wire::CredentialRecord>(store, name));
    if (!credential) return NoSuch("credential", name);
  }
  return Ok{};
}

}  // namespace postern::directory
