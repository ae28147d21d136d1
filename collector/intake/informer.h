// What agents are told of the directory: the answers to their queries, what changes of what they have asked
// for, and the credentials that their keys may use, sealed to them.
//
// An answer is read after its revision was: it is never older than it says. Fails closed: what can't be read
// now is not answered, and told later. Makes messages; the conversation thread sends them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/intake/committer.h"
#include "collector/intake/session.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

using Messages = std::vector<wire::FromCollector>;

// Owned by the conversation thread.
class Informer {
 public:
  struct Timing {
    std::chrono::seconds credential_lifetime;
    std::chrono::nanoseconds push_patience;
  };

  Informer(Shared& shared, Timing timing) : shared_(shared), timing_(timing) {}

  // From which revision on changes are told. Before any session is greeted.
  void BeginAt(uint64_t revision) { told_ = revision; }

  // After a Welcome: the credentials that the agent was given before.
  Messages Greet(Session& session, BootTime now);
  // Credentials first: when the agent knows a key it has what the key may use.
  Messages Answer(Session& session, const wire::Query& query, BootTime now);

  // What has changed since the last round; a key is read once, for however many agents.
  struct Round {
    directory::Changes changes;
    std::set<std::string> users, teams;
    std::map<std::string, std::optional<wire::KeyRecord>> keys;  // nothing: there is no such key
  };
  Result<Round> NextRound();
  Messages Push(Session& session, Round& round, BootTime now);

  // What wasn't seen in time, and credentials whose time is half over.
  Messages Remind(Session& session, BootTime now);

  // Revokes again what this collector has revoked once and forgotten. How many that were.
  size_t TakeTombstones(const wire::Tombstones& tombstones);

 private:
  using UserPlace = std::pair<uint32_t, std::string>;
  // One answer in the making.
  struct Answering {
    uint64_t revision = 0;
    std::vector<wire::KeyRecord> keys;
    std::vector<std::string> unknown;
    std::vector<wire::OsPrincipal> users;
    std::set<std::string> credentials;
  };

  Result<std::optional<wire::KeyRecord>> ReadKey(const std::string& id);
  void AddKey(Answering& answering, Session& session, const std::string& id,
              const std::optional<wire::KeyRecord>& key);
  void AddUser(Answering& answering, const wire::OsPrincipal& principal);
  Messages Write(Session& session, Answering answering, BootTime now);
  std::vector<UserPlace> PushUsers(Answering& answering, Session& session);
  void Seal(Messages& messages, Session& session, const std::set<std::string>& names, BootTime now);
  // That the agent watches more than it may is told once it is so.
  void NoteFull(const Session& session);

  Shared& shared_;
  const Timing timing_;
  uint64_t told_ = 0;
  std::map<std::string, std::string> tombstones_;  // signatures, by key
};

}  // namespace postern::intake
