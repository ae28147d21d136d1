// How every change of the directory is made: decided on what is there, committed together with its event, and
// decided anew where somebody else was quicker. What is refused is recorded as well.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/chronicle/chronicle.h"
#include "collector/directory/actor.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::directory {

// What an act comes to: the records as they shall be, and events besides its Administration.
struct Draft {
  store::Change change;
  std::vector<wire::Event> events;
  std::string sentence;  // for the event: what was changed
  std::string target;    // where only the decision knows it: the id of what was made
};

// Thread-safe.
class Registrar {
 public:
  Registrar(store::Store& store, chronicle::Chronicle& chronicle, std::function<WallTime()> wall_now)
      : store_(store), chronicle_(chronicle), wall_now_(std::move(wall_now)) {}

  using Decide = std::function<Result<Draft>()>;

  // Calls `decide` until what it decided is committed; it must read everything that it rests on itself.
  // Returns the directory's new revision. An error of `decide` is recorded as a refusal and returned.
  // kUnavailable where others were quicker a hundred times.
  Result<uint64_t> Perform(const Actor& actor, const Act& act, const Decide& decide);

  // The same for what no administrator does: without an Administration. An empty draft commits nothing.
  Result<uint64_t> Note(const Decide& decide);

  // A call that was refused before it came to a decision here: a wrong role, a bad token. The refusals of
  // this directory's own methods are recorded by them.
  Status RecordRefusal(const Actor& actor, const Act& act, const Error& error);

  // A call that was answered and changed nothing here: a query of the record.
  Status RecordDone(const Actor& actor, const Act& act, const std::string& sentence);

  // Called after each commit that changed a record, with a revision not older than it, in the thread that
  // made it: it must be quick and must not call the directory. After Unsubscribe has returned it isn't
  // called.
  using Listener = std::function<void(uint64_t revision)>;
  uint64_t Subscribe(Listener listener);
  void Unsubscribe(uint64_t subscription);

  store::Store& store() { return store_; }
  int64_t now() const;  // seconds since 1970

 private:
  Result<uint64_t> Commit(std::vector<wire::Event> events, store::Change change);

  store::Store& store_;
  chronicle::Chronicle& chronicle_;
  const std::function<WallTime()> wall_now_;
  std::mutex
      listeners_mutex_;  // held while they are called, so that Unsubscribe waits for a call that goes on
  std::map<uint64_t, Listener> listeners_;
  uint64_t last_subscription_ = 0;
};

}  // namespace postern::directory
