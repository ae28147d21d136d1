#include "collector/intake/subscriptions.h"

#include <algorithm>
#include <utility>

namespace postern::intake {

Subscriptions::Watched Subscriptions::WatchKey(const std::string& key, Owner owner) {
  if (keys_.size() >= kMostKeys && !keys_.contains(key)) return Watched::kFull;
  keys_.insert_or_assign(key, std::move(owner));
  return Watched::kYes;
}

Subscriptions::Watched Subscriptions::WatchUser(const wire::OsIdentity& user, const std::string& answer,
                                                Owner owner) {
  const std::pair<uint32_t, std::string> place(user.uid(), user.name());
  if (users_.size() >= kMostUsers && !users_.contains(place)) return Watched::kFull;
  users_.insert_or_assign(place, User{user, answer, std::move(owner)});
  return Watched::kYes;
}

std::vector<std::string> Subscriptions::KeysOf(const std::set<std::string>& users,
                                               const std::set<std::string>& teams) const {
  std::vector<std::string> keys;
  if (users.empty() && teams.empty()) return keys;
  for (const auto& [key, owner] : keys_) {
    if (users.contains(owner.user) || teams.contains(owner.team)) keys.push_back(key);
  }
  return keys;
}

// An OS user that was one of them and is nobody now has another owner: what hasn't been seen of any OS user
// is waited for.
Acknowledgements::Holding Subscriptions::HoldingOf(const std::set<std::string>& users,
                                                   const std::set<std::string>& teams) const {
  using Holding = Acknowledgements::Holding;
  if (!unseen_users_.empty()) return Holding::kNotSeen;
  bool holds = std::any_of(users_.begin(), users_.end(), [&](const auto& user) {
    return users.contains(user.second.owner.user) || teams.contains(user.second.owner.team);
  });
  for (const std::string& key : KeysOf(users, teams)) {
    if (!HasSeen(key)) return Holding::kNotSeen;
    holds = true;
  }
  return holds ? Holding::kSeen : Holding::kNot;
}

void Subscriptions::Pushed(uint64_t revision, const std::vector<std::string>& keys,
                           const std::vector<std::pair<uint32_t, std::string>>& users, BootTime now) {
  for (const std::string& key : keys) unseen_keys_[key] = revision;
  for (const auto& user : users) unseen_users_[user] = revision;
  pushed_at_ = now;
}

void Subscriptions::PushedFreeze(uint64_t revision, BootTime now) {
  unseen_freeze_ = revision;
  pushed_at_ = now;
}

void Subscriptions::Seen(uint64_t revision) {
  if (unseen_freeze_ <= revision) unseen_freeze_ = 0;
  const auto known = [&](const auto& entry) { return entry.second <= revision; };
  std::erase_if(unseen_keys_, known);
  std::erase_if(unseen_users_, known);
}

Subscriptions::Unseen Subscriptions::TakeOverdue(BootTime now, std::chrono::nanoseconds patience) {
  Unseen overdue;
  if (!has_unseen() || now - pushed_at_ < patience) return overdue;
  for (const auto& [key, revision] : unseen_keys_) overdue.keys.push_back(key);
  for (const auto& [user, revision] : unseen_users_) overdue.users.push_back(user);
  overdue.freeze = unseen_freeze_ != 0;
  pushed_at_ = now;
  return overdue;
}

}  // namespace postern::intake
