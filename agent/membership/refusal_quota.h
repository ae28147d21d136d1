// Which refused policies are worth an event of their own: a flood of them must not fill the record. Pure.
#pragma once

#include <chrono>
#include <string>

#include "shared/base/clock.h"

namespace postern::membership {

// The same as the last that was recorded isn't recorded again; of others kAtOnce, and one more each kEvery.
// Thread-compatible.
class RefusalQuota {
 public:
  static constexpr int kAtOnce = 8;
  static constexpr std::chrono::minutes kEvery{1};

  // `what`: all that makes one refusal another than the next.
  bool Take(const std::string& what, BootTime now);

 private:
  std::string last_;
  BootTime free_at_{};  // when all kAtOnce may be had again
};

}  // namespace postern::membership
