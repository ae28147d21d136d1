// One host's agent without its gate: its record and its memory on a disk, and the conversation, put together
// as the agent's composition root does it. Its state can be cloned, restored and lost.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/membership/enrolment.h"
#include "agent/membership/membership.h"
#include "agent/spool/spool.h"
#include "agent/uplink/uplink.h"
#include "tests/end_to_end/keep.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {

// Failures end the test program. Owned by one thread.
class Station {
 public:
  // Enrolled with the collector, which must be running; not open.
  explicit Station(Keep& keep);
  // A copy of another's state directory, as it lies on the disk; the other should be closed.
  explicit Station(const Station& other);
  ~Station();

  void Open();
  void Close();

  // An intent and its outcome, which cost 11 nano-dollars.
  void Exchange();
  // Asks the collector for a key, as the gate does when a request shows it.
  Status Ask(const std::string& key) { return uplink_->Ask({key}, {}); }
  // Whether the collector has all that is sealed. (Sealed is what was appended a moment ago.)
  bool Settled() const;

  spool::Spool& record() { return *spool_; }
  membership::Membership& membership() { return *membership_; }
  uplink::Stats uplink() const { return uplink_->stats(); }
  std::string agent() const { return enrolment_->agent; }
  std::string state() const { return directory_ / "agent"; }

  // From the next Open on: of another machine.
  void MoveToAnotherMachine();
  // Removes the record but not the membership; while closed.
  void LoseRecord() const;

 private:
  const support::TemporaryDirectory directory_;
  const std::unique_ptr<bus::Context> context_;
  std::optional<membership::Enrolment> enrolment_;
  std::string machine_id_file_ = "/etc/machine-id";
  spool::Ticket last_{};  // of what was appended since Open
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<membership::Membership> membership_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<uplink::Uplink> uplink_;
};

}  // namespace postern::end_to_end
