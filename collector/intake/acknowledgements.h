// Whom a revocation has reached: which hosts have said that they judge by it, which haven't yet, and how long
// the others may go on.
//
//   API's thread ── Await(concern, revision) ──▶ questions ◀── TakeNew, Note, Leave ── conversation thread
//        ▲                                          │
//        └──────────────── Reach ◀──────────────────┘
//
// What is known, and what is said of it:
//   - a connected host that has asked for the key on this connection holds it, was pushed the change behind
//     everything else it was sent, and has acknowledged it with Seen;
//   - a connected host that doesn't take a policy goes on by the one before, and is not waited for;
//   - a connected host that hasn't asked for it on this connection asks before it lets anything through, and
//     what it is answered is newer: it isn't listed;
//   - of a host that isn't connected it isn't known whether it remembers the key. It may go on by what it
//     remembers until the time that its configuration gives it from when it was last heard (Contacts);
//     past that it refuses, and isn't listed. Nor is one that the key is not bound to, and one that has
//     never said Hello.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/directory/directory.h"
#include "collector/intake/contacts.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::intake {

// What was changed, and so who has to hear of it.
struct Concern {
  enum class Kind {
    kKey,        // whoever holds this key
    kUser,       // whoever holds a key of this user, or knows the user by an OS user
    kTeam,       // the same of a team
    kAgent,      // this host
    kEverybody,  // all hosts: a freeze, a thaw
    kPolicy,     // all hosts; `revision` is the version of a policy
  };
  Kind kind{};
  std::string id{};  // of the key, user, team or agent
};

// A host that may go on for a while.
struct Straggler {
  enum class Why {
    kWaiting,  // connected; it holds what was changed and hasn't acknowledged
    kRefuses,  // connected; it doesn't take this version of the policy
    kAway,     // not connected; whether it holds it isn't known
  };
  std::string agent;
  std::string host;
  Why why{};
  Mode mode = Mode::kUnknown;
  std::optional<int64_t> heard;  // seconds since 1970, not earlier than it was; nothing: not known
  std::optional<int64_t>
      until;  // it refuses from then on at the latest, whatever happens; nothing: not known
};

struct Reach {
  uint64_t revision = 0;
  size_t holders = 0;       // connected hosts that hold it
  size_t acknowledged = 0;  // of these
  std::vector<Straggler> others;

  bool complete() const { return others.empty(); }  // nobody may go on
};

// Thread-safe.
class Acknowledgements {
 public:
  static constexpr size_t kMostWaiting = 16;

  // Both must live longer.
  Acknowledgements(directory::Directory& directory, const Contacts& contacts,
                   std::function<WallTime()> wall_now)
      : directory_(directory), contacts_(contacts), wall_now_(std::move(wall_now)) {}

  // Waits until every connected host that holds it has acknowledged this revision (of a policy: this
  // version), at most so long. With a timeout of 0 it says how things are. Call it after the change is
  // committed. kExhausted: too many wait already; kUnavailable: the conversation doesn't answer. Errors as
  // the store.
  Result<Reach> Await(const Concern& concern, uint64_t revision, std::chrono::nanoseconds timeout);

  // Called when there is a new question, in the thread that asks it. Before the first Await.
  void OnQuestion(std::function<void()> call) { on_question_ = std::move(call); }

  // Ends every wait, now and from now on.
  void Close();

  // ---- For the conversation thread. ----

  // Whether anything of the below is of use: costs nothing.
  bool asked() const { return open_.load(std::memory_order_acquire) > 0; }

  struct Question {
    uint64_t number = 0;
    Concern concern;
    uint64_t revision = 0;
  };
  // Questions that aren't answered yet, and all that are open.
  std::vector<Question> TakeNew();
  std::vector<Question> Open() const;

  enum class Holding {
    kNot,      // connected, and doesn't hold it
    kNotSeen,  // holds it and hasn't acknowledged
    kRefuses,  // was sent the policy and doesn't take it
    kSeen,
  };
  void Note(uint64_t question, const std::string& agent, Holding holding);
  // Every connected host was noted.
  void Answered(uint64_t question);
  // It isn't connected any more.
  void Leave(const std::string& agent);

 private:
  struct Standing {
    Question question;
    bool is_new = true;
    bool answered = false;
    std::map<std::string, Holding> hosts;  // those that are connected
    size_t waited_for = 0;                 // of these hold it and haven't acknowledged

    bool settled() const { return answered && waited_for == 0; }
    void Set(Holding& host, Holding holding);
  };
  // What says which agents a concern is about.
  struct Bounds {
    std::vector<std::string> hosts;  // of a key; none: any
  };
  Result<Bounds> BoundsOf(const Concern& concern);
  Result<Reach> Describe(const Standing& standing);
  std::optional<Straggler> Judge(const Standing& standing, const Bounds& bounds,
                                 const wire::AgentRecord& agent) const;

  directory::Directory& directory_;
  const Contacts& contacts_;
  const std::function<WallTime()> wall_now_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Standing> questions_;
  uint64_t last_number_ = 0;
  bool closed_ = false;
  std::atomic<size_t> open_{0};
  std::function<void()> on_question_;
};

}  // namespace postern::intake
