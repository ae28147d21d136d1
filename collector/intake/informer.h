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
  // Every change up to it has been told to whom it concerns. What is said is as of this revision, and never
  // of a later one: or an agent could say that it has seen what is still to be told.
  uint64_t told() const { return told_; }

  // After a Welcome, which said whether everything is frozen: the credentials that the agent was given
  // before.
  Messages Greet(Session& session, BootTime now);
  // Credentials first: when the agent knows a key it has what the key may use.
  Messages Answer(Session& session, const wire::Query& query, BootTime now);

  // What has changed since the last round; a key is read once, for however many agents.
  struct Round {
    directory::Changes changes;
    std::set<std::string> users, teams;
    std::map<std::string, std::optional<wire::KeyRecord>> keys;  // nothing: there is no such key
    // Frames for agents that are told the same: a revocation is written once. By the ids of its keys.
    struct Common {
      std::vector<std::string> frames;
      bool only_revoked = true;  // then nothing but these frames is to be told to whoever watches these keys
    };
    std::map<std::vector<std::string>, Common> common;
  };
  Result<Round> NextRound();
  struct Push {
    Messages messages;                                 // to be sent; or
    const std::vector<std::string>* frames = nullptr;  // these, of the round
  };
  Push Tell(Session& session, Round& round, BootTime now);

  // Whether everything is frozen, as it was last asked. Asks; true where it is another than it was. Not of a
  // later revision than told().
  Result<bool> AskFreeze();
  const std::optional<wire::Freeze>& freeze() const { return freeze_; }
  Messages TellFreeze(Session& session, BootTime now);

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
  static Messages InChunks(const Answering& answering);
  static const Round::Common& WriteOnce(Round& round, const std::vector<std::string>& ids,
                                        const Answering& answering);
  Push TellKnown(Session& session, const Round::Common& common, const std::vector<std::string>& ids,
                 uint64_t revision, BootTime now);
  std::vector<UserPlace> PushUsers(Answering& answering, Session& session);
  void Seal(Messages& messages, Session& session, const std::set<std::string>& names, BootTime now);
  // That the agent watches more than it may is told once it is so.
  void NoteFull(const Session& session);

  Shared& shared_;
  const Timing timing_;
  uint64_t told_ = 0;
  std::optional<wire::Freeze> freeze_;             // nothing: it can't be read
  std::map<std::string, std::string> tombstones_;  // signatures, by key
};

}  // namespace postern::intake
