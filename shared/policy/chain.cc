#include "shared/policy/chain.h"

namespace postern::policy {

Chain::Chain(const Tables& tables, const Facts& facts) {
  Add(&tables.organisation_level());
  if (!facts.team.empty()) {
    const uint32_t team = tables.teams.Find(facts.team);
    if (team != kNowhere) {
      for (const Level* level : tables.team_levels[team]) Add(level);
    }
  }
  const uint32_t user = facts.user.empty() ? kNowhere : tables.users.Find(facts.user);
  groups_begin_ = groups_end_ = count_;
  if (user != kNowhere) {
    const User& found = tables.users_levels[user];
    for (const Level* level : found.groups) Add(level);
    groups_end_ = count_;
    if (found.level != nullptr) Add(found.level);
  }
  const uint32_t key = facts.key.empty() ? kNowhere : tables.keys.Find(facts.key);
  if (key != kNowhere && tables.key_levels[key] != nullptr) Add(tables.key_levels[key]);
}

Speakers::Speakers(const Chain& chain, Kind kind) : chain_(chain), kind_(kind) {
  const auto levels = chain.levels();
  bool widened_above = false;
  for (size_t begin = 0; begin < levels.size();) {
    const size_t end = chain.EndOfTier(begin);
    bool widens = false;
    for (size_t i = begin; i < end; ++i) {
      const Level& level = *levels[i];
      widens |= (level.may_widen & BitOf(kind)) != 0;
      const Lists* lists = level.lists[static_cast<size_t>(kind)].get();
      if (lists == nullptr) continue;
      speakers_[count_++] = {lists, static_cast<uint32_t>(i), static_cast<uint32_t>(begin), widened_above};
      lists_ |= lists->listed;
      denied_.Add(lists->deny.reach());
      denied_types_.Add(lists->deny_types.reach());
    }
    widened_above |= widens;
    begin = end;
  }
}

}  // namespace postern::policy
