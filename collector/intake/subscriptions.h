// What one connected agent has asked the directory for, and what of it the agent must be told. A change is
// pushed until the agent has said Seen: by then it judges by it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/base/clock.h"
#include "shared/wire/conversation.pb.h"

namespace postern::intake {

// Thread-compatible.
class Subscriptions {
 public:
  // Beyond these, what an agent asks for is answered, but changes of it aren't pushed: Watch says so, and the
  // agent is told to ask less. A host has a few dozen users; only keys that exist count.
  static constexpr size_t kMostKeys = 50'000;
  static constexpr size_t kMostUsers = 1'000;

  // By what a change of a user or a team is found to concern a key.
  struct Owner {
    std::string user, team;
    friend bool operator==(const Owner&, const Owner&) = default;
  };

  enum class Watched { kYes, kFull };
  Watched WatchKey(const std::string& key, Owner owner);
  Watched WatchUser(const wire::OsIdentity& user, const std::string& answer);

  bool Watches(const std::string& key) const { return keys_.contains(key); }
  // Of the watched keys those that belong to one of these users or teams.
  std::vector<std::string> KeysOf(const std::set<std::string>& users,
                                  const std::set<std::string>& teams) const;

  // OS users, with the serialised answer that the agent was given last.
  struct User {
    wire::OsIdentity identity;
    std::string answer;
  };
  std::map<std::pair<uint32_t, std::string>, User>& users() { return users_; }

  // Was pushed, as of this revision, and is to be seen.
  void Pushed(uint64_t revision, const std::vector<std::string>& keys,
              const std::vector<std::pair<uint32_t, std::string>>& users, BootTime now);
  void Seen(uint64_t revision);

  // What the agent hasn't seen, though it was pushed at least `patience` ago; counts as pushed again now.
  struct Unseen {
    std::vector<std::string> keys;
    std::vector<std::pair<uint32_t, std::string>> users;
    bool empty() const { return keys.empty() && users.empty(); }
  };
  Unseen TakeOverdue(BootTime now, std::chrono::nanoseconds patience);
  bool has_unseen() const { return !unseen_keys_.empty() || !unseen_users_.empty(); }

 private:
  std::map<std::string, Owner> keys_;
  std::map<std::pair<uint32_t, std::string>, User> users_;
  std::map<std::string, uint64_t> unseen_keys_;  // with the revision as of which they were pushed
  std::map<std::pair<uint32_t, std::string>, uint64_t> unseen_users_;
  BootTime pushed_at_{};
};

}  // namespace postern::intake
