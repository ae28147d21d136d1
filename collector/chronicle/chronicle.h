// The collector's own record: what administrators did or were refused, who joined, what somebody should look
// at. A chain like every agent's, of the agent id store::kCollector, sealed with the log key; and the change
// of the directory that an event speaks of is committed together with it.
//
//   Append(events, change) ── one store::Change: events, their seal, records ── synced ──▶ Receipt
//
// So there is no record without its event and no event without its record, after any crash. Fails closed:
// what can't be recorded is not done.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/event.h"

namespace postern::chronicle {

enum class Beginning {
  kGoOn,            // where the chain ends; a new incarnation only where there is none, or the key is another
  kNewIncarnation,  // after a restored backup: what followed the backup may have been seen by others
};

struct Options {
  Beginning beginning = Beginning::kGoOn;
  std::string program;  // "run", "init", "recover": what the CollectorStart says
  std::string version;
  std::string host;
  std::function<WallTime()> wall_now = WallNow;
};

// One thread writes at a time, whichever calls; events that come alone share a commit with others that wait.
// Thread-safe.
class Chronicle {
 public:
  // Reads where the chain ends and appends a CollectorStart. `store` and `log_key` must live longer. kCorrupt
  // where the chain's end doesn't carry a seal of its key; otherwise as the store.
  static Result<std::unique_ptr<Chronicle>> Open(store::Store& store, const crypto::SigningKey& log_key,
                                                 Options options);

  // Makes the events the next of the chain (their heads are filled in, they are cut to size) and commits them
  // with the change, whose own events are appended after them as they are. On the disk when it returns.
  // kDenied where something that the change expects doesn't hold: nothing was done, read again and decide
  // anew. kUnavailable, kExhausted: it may have been done all the same, where the disk failed late.
  Result<store::Receipt> Append(std::vector<wire::Event> events, store::Change change);

  // An event alone: a refused call, an alarm.
  Result<store::Receipt> Record(wire::Event event);

  // How many calls wait for their turn, for the metrics.
  size_t waiting() const;

  // Whose seals the chain has: agents get it at enrolment.
  const crypto::PublicKey& public_key() const { return log_key_.public_key(); }

 private:
  struct Waiting {
    std::vector<wire::Event> events;
    store::Change change;
    std::optional<Result<store::Receipt>> result;
  };
  using Group = std::vector<Waiting*>;

  Chronicle(store::Store& store, const crypto::SigningKey& log_key, Options options);

  Status Load();
  Status Begin();
  wire::Event StartEvent() const;
  store::Change Chained(const Group& group, store::Chain& end) const;
  Result<store::Receipt> Commit(const Group& group);
  Group TakeGroup();

  store::Store& store_;
  const crypto::SigningKey& log_key_;
  const Options options_;

  mutable std::mutex mutex_;  // of the queue
  std::condition_variable turn_;
  std::deque<Waiting*> queue_;
  bool writing_ = false;

  // Of the thread that writes.
  store::Chain end_;
  bool known_ = false;  // end_ is what the store has
};

}  // namespace postern::chronicle
