// What the collector's store keeps, as plain data. One vocabulary for every engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/clock.h"
#include "shared/crypto/sha256.h"

namespace postern::store {

// ── the log ────────────────────────────────────────────────────────────────────────────────────────────────

// The place of an event in the log: 0, 1, 2 … in the order of commits.
enum class Leaf : uint64_t {};

// Whose chain an event belongs to: an agent's id, or kCollector for the collector's own.
inline constexpr const char* kCollector = "collector";

// A link of the log. The event's body lies apart and may be removed; this never is.
struct Entry {
  std::string agent;
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  WallTime received_at{};
  crypto::Digest event{};  // SHA-256 of the event's exact bytes
};

enum class Decision : uint8_t { kNone = 0, kAllowed = 1, kRefused = 2 };

// What of an event can be asked for. Taken from its body once, when it comes in; empty fields are not
// indexed. Of a longer value the first kMaxFactBytes count, here and in filters: an agent chooses them.
inline constexpr size_t kMaxFactBytes = 256;

struct EventFacts {
  WallTime time{};     // the event's own
  std::string kind{};  // "intent", "outcome", …
  std::string organisation{}, team{}, user{}, key{}, model{}, session{}, host{};
  Decision decision = Decision::kNone;

  friend bool operator==(const EventFacts&, const EventFacts&) = default;
};

// What an event adds to the sums, which end at the largest number rather than begin anew. Only an outcome has
// any. One event's numbers are neither negative nor above kMaxSpending: whoever takes them from a body sees
// to that.
inline constexpr uint64_t kMaxSpending = uint64_t{1} << 48;

struct Spending {
  uint64_t requests = 0;
  uint64_t input = 0, output = 0, cache_read = 0, cache_write = 0;  // tokens
  int64_t nano_dollars = 0;

  friend bool operator==(const Spending&, const Spending&) = default;
};

struct NewEvent {
  Entry entry;
  std::string bytes;  // exactly as they were hashed
  EventFacts facts;
  Spending spending;
};

struct StoredEvent {
  Leaf leaf{};
  Entry entry;
  EventFacts facts;   // as they were given, cut; they stay when the body goes
  std::string bytes;  // empty where its body has been removed
};

// ── chains ─────────────────────────────────────────────────────────────────────────────────────────────────

// Events of a chain that nobody holds any more: the collector forgot them (a restored backup), or never had
// them, and the agent has trimmed them. There are no entries for them; a verified seal says what head they
// led to.
struct Hole {
  uint64_t first = 0;
  uint64_t last = 0;
  crypto::Digest head{};  // after `last`: what the events behind the hole go on from
};

// How far the chain of one incarnation is stored. Everything up to `sequence` is covered by a verified seal.
struct Chain {
  std::string agent;
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  crypto::Digest head{};
  std::string seal_key;  // 32 bytes: whose seals it has
  std::string seal;      // the newest, its exact bytes: it is over `head`, and so over all before it
  bool issued = false;   // by this collector; false: a history from before enrolment
  bool closed = false;   // forfeited, or forked: nothing more is taken, and no change makes it longer or open
  std::vector<Hole> holes;  // the first ones first
  std::string open_state;   // what intake needs to go on with it, opaque to the store (open exchanges' facts)
};

// Events that didn't verify, kept for people to look at. Bounded by the engine: see Store::kMaxSetAside….
struct SetAside {
  std::string agent;
  uint64_t incarnation = 0;
  uint64_t first_sequence = 0;
  WallTime received_at{};
  std::string reason;  // "fork", "seal", "chain", …
  std::string bytes;   // the group as it came
};

// ── the directory ──────────────────────────────────────────────────────────────────────────────────────────

enum class RecordKind : uint8_t {
  kKey = 1,
  kUser = 2,
  kTeam = 3,
  kCredential = 4,
  kAgent = 5,
  kAdministrator = 6,
  kEnrolmentToken = 7,
  kSetting = 8,       // small things of the collector's own, by name
  kPolicy = 9,        // who made which version of the policy
  kSnapshot = 10,     // and what that version says, signed: megabytes
  kAgentContact = 12  // when an agent was heard, by the agent's id
};

// A record is opaque to the store but for what it must find it by. A tombstone is a record as well.
struct Record {
  RecordKind kind{};
  std::string id{};
  uint64_t revision = 0;              // of the directory, when it last changed; filled in by the commit
  std::vector<std::string> labels{};  // "user:alice@example.com", "team:platform": List finds it by each
  std::string bytes{};
};

// ── the ledger ─────────────────────────────────────────────────────────────────────────────────────────────

// What collector/treasury keeps of budgets and of who holds what of them. Opaque to the store.
struct LedgerRow {
  std::string key{};  // at most kMaxLedgerKey bytes
  std::string value{};
  bool erased = false;
};
inline constexpr size_t kMaxLedgerKey = 1024;

// ── one change ─────────────────────────────────────────────────────────────────────────────────────────────

// Everything in it happens, is on the disk, and is seen from then on; or nothing of it is.
struct Change {
  // Appended to the log in this order. Each belongs to one of `chains`; those of one chain are in the order
  // of their sequences, after its `expected` and up to its new `sequence`. So no place in a chain is taken
  // twice.
  std::vector<NewEvent> events;

  // The chain as it is afterwards, each at most once. `expected` is its sequence before, 0 where there is
  // none yet: where it is another by then, or the chain has been closed and this one isn't, the whole change
  // is refused. It never becomes smaller.
  struct Advance {
    Chain chain;
    uint64_t expected = 0;
  };
  std::vector<Advance> chains;

  // A record as it is afterwards, each at most once. All of one change get one new revision, the directory's
  // next. `expected` is the record's revision before, 0 where there must be none.
  struct Put {
    Record record;
    uint64_t expected = 0;
  };
  std::vector<Put> records;
  // The new revision is at least this, where there are records: after a restore, revisions must begin beyond
  // any that was given out before.
  uint64_t least_revision = 0;

  std::vector<SetAside> set_aside;

  // Rows of the ledger as they are afterwards, in the order of their keys, each at most once. With them its
  // version grows by one; `ledger_expected` is the one before, 0 where there were never any. Where it is
  // another by then, the whole change is refused: what was worked out rests on other rows.
  std::vector<LedgerRow> ledger;
  uint64_t ledger_expected = 0;

  bool empty() const {
    return events.empty() && chains.empty() && records.empty() && set_aside.empty() && ledger.empty();
  }
};

struct Receipt {
  Leaf first_leaf{};      // of its events
  uint64_t log_size = 0;  // after it
  uint64_t revision = 0;  // of the directory, after it
  uint64_t ledger = 0;    // version, after it
};

// ── questions ──────────────────────────────────────────────────────────────────────────────────────────────

// The order is the log's, that of arrival: it never changes behind a cursor, and nothing can slip in between.
// An agent that was away brings its older events later.
enum class Order { kOldestFirst, kNewestFirst };

// All that are set must hold; none of them is empty. Times are of the events, `from` included, `to` not.
struct EventFilter {
  std::optional<Leaf> after{};  // only what follows it in the log, as who watches the log wants it
  std::optional<WallTime> from{}, to{};
  std::optional<std::string> organisation{}, team{}, user{}, key{}, model{}, session{}, host{}, kind{},
      agent{};
  std::optional<Decision> decision{};
  Order order = Order::kNewestFirst;
};

// Where a page ended; opaque, text that fits into a URL, and good for the same filter only.
using Cursor = std::string;

struct EventPage {
  std::vector<StoredEvent> events;
  std::optional<Cursor> next;  // nothing: there are no more
};

enum class Dimension { kOrganisation, kTeam, kUser, kKey, kModel, kHost, kDay, kHour };

struct SumQuery {
  WallTime from{}, to{};        // widened to whole hours, UTC
  std::vector<Dimension> by{};  // in this order; none: one row
  EventFilter filter{};         // organisation, team, user, key, model, host; anything else is kInvalid
};

// In the order of their values.
struct SumRow {
  std::vector<std::string> values;  // one for each of `by`; a day is "2026-11-23", an hour "2026-11-23T22"
  Spending spending;
};

struct RecordPage {
  std::vector<Record> records;
  std::optional<Cursor> next;
};

// All of one moment; where the next page has another version, what was read is to be read anew.
struct LedgerPage {
  uint64_t version = 0;
  std::vector<LedgerRow> rows{};  // in the order of their keys
  std::optional<Cursor> next{};
};

struct StoreStats {
  uint64_t log_size = 0;
  uint64_t revision = 0;
  uint64_t ledger = 0;           // version
  uint64_t set_aside = 0;        // groups
  uint64_t bytes_on_disk = 0;    // roughly, with what is still in memory
  uint64_t commits_waiting = 0;  // for a write that hasn't begun
};

}  // namespace postern::store
