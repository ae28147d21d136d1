// Many agents in one process, each with the real uplink, a real enrolment and a chain of its own that is
// sealed with its own key; only the disk below the record and the gate above it are left out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/membership/enrolment.h"
#include "agent/uplink/uplink.h"
#include "tests/agent/uplink/chain_record.h"
#include "tests/agent/uplink/notebook.h"
#include "tests/end_to_end/keep.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {

// Failures end the test program. Owned by one thread.
class Fleet {
 public:
  explicit Fleet(Keep& keep) : keep_(keep) {}

  // As `postern-agent enroll` does it, each with a token of its own.
  void Enrol(int agents);
  void Connect();  // starts the uplinks
  // Each appends so many events, under a seal.
  void Append(int events);

  size_t welcomed() const;
  size_t connected() const;
  // Of how many the whole record is acknowledged.
  size_t settled() const;
  uint64_t events() const;  // of all records
  uint64_t sent() const;    // those that were sent again too
  size_t size() const { return members_.size(); }

 private:
  struct Member {
    membership::Enrolment enrolment;
    std::unique_ptr<uplink::ChainRecord> record;
    std::unique_ptr<uplink::Notebook> notebook;
    std::unique_ptr<uplink::Uplink> uplink;
  };
  size_t Count(const std::function<bool(const Member&)>& holds) const;

  Keep& keep_;
  const support::TemporaryDirectory directory_;
  std::unique_ptr<bus::Context> context_;
  std::vector<Member> members_;
};

}  // namespace postern::end_to_end
