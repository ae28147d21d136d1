// What one connected agent has asked the directory for, and what of it the agent must be told. A change is
// pushed until the agent has said Seen: by then it judges by it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "collector/intake/acknowledgements.h"
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
  Watched WatchUser(const wire::OsIdentity& user, const std::string& answer, Owner owner);

  bool Watches(const std::string& key) const { return keys_.contains(key); }
  bool HasSeen(const std::string& key) const { return !unseen_keys_.contains(key); }
  bool HasSeenUsers() const { return unseen_users_.empty(); }
  // Of the watched keys those that belong to one of these users or teams.
  std::vector<std::string> KeysOf(const std::set<std::string>& users,
                                  const std::set<std::string>& teams) const;

  // What this agent is to one who asks whom a change of these users or teams has reached.
  Acknowledgements::Holding HoldingOf(const std::set<std::string>& users,
                                      const std::set<std::string>& teams) const;

  // OS users, with the serialised answer that the agent was given last.
  struct User {
    wire::OsIdentity identity;
    std::string answer;
    Owner owner{};  // as of that answer
  };
  std::map<std::pair<uint32_t, std::string>, User>& users() { return users_; }
  const std::map<std::pair<uint32_t, std::string>, User>& users() const { return users_; }

  // Was pushed, as of this revision, and is to be seen.
  void Pushed(uint64_t revision, const std::vector<std::string>& keys,
              const std::vector<std::pair<uint32_t, std::string>>& users, BootTime now);
  // The agent was told whether everything is frozen.
  void PushedFreeze(uint64_t revision, BootTime now);
  void Seen(uint64_t revision);

  // What the agent hasn't seen, though it was pushed at least `patience` ago; counts as pushed again now.
  struct Unseen {
    std::vector<std::string> keys;
    std::vector<std::pair<uint32_t, std::string>> users;
    bool freeze = false;
    bool empty() const { return keys.empty() && users.empty() && !freeze; }
  };
  Unseen TakeOverdue(BootTime now, std::chrono::nanoseconds patience);
  bool has_unseen() const { return !unseen_keys_.empty() || !unseen_users_.empty() || unseen_freeze_ != 0; }

 private:
  std::map<std::string, Owner> keys_;
  std::map<std::pair<uint32_t, std::string>, User> users_;
  std::map<std::string, uint64_t> unseen_keys_;  // with the revision as of which they were pushed
  std::map<std::pair<uint32_t, std::string>, uint64_t> unseen_users_;
  uint64_t unseen_freeze_ = 0;  // the revision with which it was pushed; 0: it was seen
  BootTime pushed_at_{};
};

}  // namespace postern::intake
