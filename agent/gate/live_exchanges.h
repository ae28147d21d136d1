// The exchanges that are under way, so that they end when those they are for may go on no longer.
//
//   membership or keys.yaml changed
//      ─▶ EndThose(why barred?)
//      ─▶ each such exchange's strand is cancelled, and it finds out why when it wakes
//
// What its end looks like to the client is the exchange's own affair (passage.h).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include <sys/types.h>

#include "agent/gate/refusal.h"
#include "agent/identity/identify.h"
#include "shared/base/ids.h"
#include "shared/http/loop.h"

namespace postern::gate {

class LiveExchanges;

// One of them, from the moment it has been let in until it is gone. Owned by the loop thread.
class LiveExchange {
 public:
  // All must live longer; `who` is looked at from Enter on. `os_user`: of the connection, where the kernel
  // names one.
  LiveExchange(http::Strand& strand, const identity::Identity& who, std::optional<uid_t> os_user,
               ExchangeId id = {})
      : strand_(strand), who_(who), os_user_(os_user), id_(id) {}
  LiveExchange(const LiveExchange&) = delete;
  ~LiveExchange();

  void Enter(LiveExchanges& all);

  // Ends it, once: its strand is cancelled.
  void End(Refusal why);
  // Why it was ended here.
  const std::optional<Refusal>& ended_by() const { return ended_by_; }

  const identity::Identity& who() const { return who_; }
  std::optional<uid_t> os_user() const { return os_user_; }
  const ExchangeId& id() const { return id_; }

 private:
  friend class LiveExchanges;
  http::Strand& strand_;
  const identity::Identity& who_;
  const std::optional<uid_t> os_user_;
  const ExchangeId id_;
  std::optional<Refusal> ended_by_;
  LiveExchanges* all_ = nullptr;
  LiveExchange* next_ = nullptr;
  LiveExchange* previous_ = nullptr;
};

// Owned by the loop thread.
class LiveExchanges {
 public:
  // Why whoever an exchange is for may not go on; nothing: they may.
  using WhyBarred = std::function<std::optional<Refusal>(const LiveExchange&)>;

  ~LiveExchanges();

  // Ends those that are barred; how many that were. Those that are ending already are left alone.
  size_t EndThose(const WhyBarred& why_barred);

  size_t size() const { return size_; }

 private:
  friend class LiveExchange;
  LiveExchange* first_ = nullptr;
  size_t size_ = 0;
};

}  // namespace postern::gate
