// Whom a change is for: people with their keys, gathered to whole teams. Private to this directory.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "shared/policy/compare.h"
#include "shared/policy/people.h"
#include "shared/policy/standing.h"

namespace postern::policy {

// Users with all their keys; keys that have rules of their own; teams without anybody.
struct Party {
  Somebody somebody;
  size_t users = 0;
  size_t keys = 0;
};

// Everybody whom the directory or one of the policies knows; never empty.
std::vector<Party> PartiesOf(const wire::Policy& before, const wire::Policy& after, const People& people);

// Everybody, whole teams, and whoever is left by name. `all` is how many parties there are, `of_team` how
// many of each team.
std::vector<Affected> Gather(const std::vector<const Party*>& affected, size_t all,
                             const std::map<std::string, size_t>& of_team);

}  // namespace postern::policy
