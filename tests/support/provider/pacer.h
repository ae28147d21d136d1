// Waits that are due to the millisecond: the loop's own timers come in steps of 8 ms, which would bunch
// events paced at 5 ms.
#pragma once

#include <map>

#include "shared/http/loop.h"

namespace postern::provider {

// One timerfd for all. Owned by the loop thread.
class Pacer final : public http::SocketOwner {
 public:
  explicit Pacer(http::Loop& loop);

  // Waits until then; kEvent when the time has come.
  http::Task<http::Wake> SleepUntil(http::Strand& strand, BootTime due);

  void OnSocketEvent(http::Socket&) override;

 private:
  void ArmAfter(BootTime now);

  http::Socket timer_;
  std::multimap<BootTime, http::Strand*> sleepers_;
};

}  // namespace postern::provider
