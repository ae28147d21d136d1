// What other threads have for the uplink's: put down here, taken up there in its next turn. Callbacks of the
// record and the membership hold it, so it may outlive the uplink; then nobody takes anything up, and nothing
// is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool/group_reader.h"
#include "agent/uplink/conversation.h"
#include "shared/base/result.h"
#include "shared/bus/client.h"
#include "shared/wire/conversation.h"

namespace postern::uplink {

struct Mail {
  struct Groups {
    uint64_t round = 0;
    Result<std::vector<spool::SealedGroup>> groups;
  };
  struct Marks {
    Acknowledge what;
    Status status;
  };
  struct Begun {
    uint64_t incarnation = 0;
    Status status;
  };
  bool closing = false;
  bool sealed = false;
  struct Policy {
    uint64_t version = 0;
    std::string sha256;
    std::string refused;
  };
  std::vector<Policy> policies;     // what became of those that were offered, the newest last
  uint64_t durable_revision = 0;    // the newest that was made durable since the last turn; 0: none
  uint64_t dismissed_revision = 0;  // that this agent was revoked was made durable; 0: it wasn't
  std::vector<Groups> groups;
  std::vector<Marks> marks;
  std::vector<Begun> begun;
  std::vector<wire::FromAgent> money;      // of the wallet, in its order
  std::vector<std::string> keys;           // asked for
  std::vector<wire::OsIdentity> os_users;  //
};

// Thread-safe.
class Mailbox {
 public:
  void Connect(bus::Client* client) {
    const std::lock_guard lock(mutex_);
    client_ = client;
  }

  // Changes the mail and wakes the uplink; nothing without one. What it returns, or a value of that type's
  // own making.
  template <class F>
  auto Put(F&& put) -> decltype(put(std::declval<Mail&>())) {
    const std::lock_guard lock(mutex_);
    if (client_ == nullptr) return decltype(put(mail_))();
    client_->Wake();  // under the lock, or the client might be gone; it never waits
    return put(mail_);
  }

  Mail Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(mail_, {});
  }

 private:
  std::mutex mutex_;
  bus::Client* client_ = nullptr;
  Mail mail_;
};

}  // namespace postern::uplink
