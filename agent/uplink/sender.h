// Which events go to the collector next: each chain in order, at most 4 MiB on the way, everything again from
// the last acknowledged event whenever there is doubt about what arrived.
//
//   record   … 7 8 9 | 10 11 | 12 13 14 | 15 …        groups, each up to its seal
//               ▲        ▲        ▲
//               │        └ sent   └ cursor: read from here next
//               └ acknowledged
//
// A *round* is one way through the record from the first unacknowledged event on. What was read for an
// earlier round is not sent in a later one. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "agent/spool/group_reader.h"
#include "agent/spool/spool.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.h"

namespace postern::uplink {

// What is to be read from the record: groups that follow `after`, where incarnation 0 is before the first
// unacknowledged event.
struct Reading {
  wire::Place after;
  size_t max_bytes = 0;
  uint64_t round = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};

// Thread-compatible.
class Sender {
 public:
  static constexpr size_t kMostOnTheWay = size_t{4} << 20;
  static constexpr size_t kMostInMessage = size_t{768} << 10;  // but for a single group that is larger

  // A new round, of all chains.
  void Start();
  // The same not before a time, and of the chains that aren't skipped; nothing unless it was started.
  void StartAgainAt(BootTime time);
  // Nothing is read or sent until the next Start.
  void Stop();

  // There may be more in the record.
  void OnSealed() { more_ = true; }

  // What to read now, if anything: one reading is under way at a time.
  std::optional<Reading> NextReading(BootTime now);

  // What was read, as messages to send. Nothing for a reading of an earlier round. After an error the reading
  // is tried again in a while.
  std::vector<wire::Events> OnRead(uint64_t round, Result<std::vector<spool::SealedGroup>> groups,
                                   const std::vector<wire::Place>& ends, BootTime now);

  void OnAcknowledged(const std::vector<wire::Place>& marks, BootTime now);

  // Nothing more of this chain until the next Start; what is on the way of it isn't waited for.
  void Skip(uint64_t incarnation);

  // When the first of what is on the way was sent, or the last acknowledgement came, whichever is later;
  // nothing while nothing is on the way.
  std::optional<BootTime> waiting_since() const;
  // When NextReading is to be asked again though nothing happened.
  std::optional<BootTime> due() const;
  size_t bytes_on_the_way() const { return on_the_way_bytes_; }

 private:
  struct Sent {
    wire::Place end;
    size_t bytes = 0;
  };
  void Begin(std::optional<BootTime> not_before);
  template <class Gone>
  void Forget(Gone gone);

  bool running_ = false;
  uint64_t round_ = 0;
  bool more_ = false;
  bool reading_ = false;
  std::optional<BootTime> not_before_;
  wire::Place cursor_;
  std::deque<Sent> on_the_way_;
  size_t on_the_way_bytes_ = 0;
  BootTime progress_{};
  std::set<uint64_t> skipped_;
};

}  // namespace postern::uplink
