// Screening in the gate: a request is looked at before it leaves, in the loop's thread where it is small, by
// a worker where it is large, and never before the rules are ready.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/screening/keys.h"
#include "agent/screening/rule_keeper.h"
#include "agent/screening/screen.h"
#include "shared/base/result.h"
#include "shared/http/loop.h"
#include "shared/http/worker.h"

namespace postern::screening {

struct Options {
  std::filesystem::path state;  // the state directory: the host's keys
  std::filesystem::path cache;  // of compiled rules
};

// What it has done so far, for metrics and status.
struct Counts {
  uint64_t requests = 0;   // looked at
  uint64_t by_worker = 0;  // of these
  uint64_t bytes = 0;
  uint64_t warned = 0;  // secrets, as all that follow, each time that one stood in a request
  uint64_t redacted = 0;
  uint64_t blocked = 0;
  uint64_t exhausted = 0;  // requests that would have taken too long
};

// Owned by the loop thread.
class Screening {
 public:
  // Bodies larger than this are looked at by a worker.
  static constexpr size_t kLargeBody = 256 << 10;
  // So long a request waits for the first rules.
  static constexpr std::chrono::seconds kPatience{30};

  // The loop must live longer, and end before this goes. Errors as FindHostKeys.
  static Result<std::unique_ptr<Screening>> Start(http::Loop& loop, const Options& options);
  ~Screening();

  // The rules of this policy are wanted; null: the built-in ones alone.
  void Use(const policy::Compiled* policy);

  // Nothing where the strand was cancelled, or the rules weren't ready in time: then nothing may go.
  http::Task<std::optional<Screened>> Screen(http::Strand& strand, std::string_view body,
                                             std::shared_ptr<const policy::Compiled> policy,
                                             policy::SecretOrders orders);

  const std::shared_ptr<const HostKeys>& keys() const { return keys_; }
  RulesInUse rules() const { return keeper_->InUse(); }
  const Counts& counts() const { return counts_; }

 private:
  Screening(http::Loop& loop, HostKeys keys, const Options& options);
  struct Job;

  http::Loop& loop_;
  const std::shared_ptr<const HostKeys> keys_;
  std::vector<http::Strand*> waiting_;  // for rules
  Counts counts_;
  std::unique_ptr<http::Worker> worker_;
  std::unique_ptr<RuleKeeper> keeper_;
};

}  // namespace postern::screening
