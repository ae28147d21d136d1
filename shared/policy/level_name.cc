#include "shared/policy/level_name.h"

namespace postern::policy {

std::string NameOf(const Level& level) {
  switch (level.kind) {
    case LevelKind::kOrganisation: return "organisation";
    case LevelKind::kTeam: return "team " + level.id;
    case LevelKind::kGroup: return "group " + level.id;
    case LevelKind::kUser: return "user " + level.id;
    case LevelKind::kKey: return "key " + level.id;
  }
  return level.id;
}

}  // namespace postern::policy
