// Who may try at all: how often an address or a token may call, and when an address that keeps presenting
// tokens that are none is locked out. Its memory is bounded whatever the number of addresses: of those that
// it hasn't heard of for longest it forgets the ones that aren't locked out. Pure: time comes in as an
// argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "collector/api/limits.h"
#include "shared/base/clock.h"

namespace postern::api {

// How much may be taken at once and by the second. Thread-compatible.
class Bucket {
 public:
  Bucket(size_t at_once, double per_second, BootTime now)
      : level_(static_cast<double>(at_once)), most_(level_), per_second_(per_second), filled_(now) {}

  // Takes one; or how long it takes until there is one.
  std::optional<std::chrono::seconds> Take(BootTime now);

 private:
  double level_;
  double most_;
  double per_second_;
  BootTime filled_;
};

// What is refused, and how it is to be told.
struct Hold {
  std::chrono::seconds retry_after{0};
  bool first = false;  // of this period: worth a record; the next ones are not
};

// Thread-compatible.
class Gatekeeper {
 public:
  static constexpr size_t kMostAddresses = 4096;

  explicit Gatekeeper(const Limits& limits) : limits_(limits) {}

  // Before anything else: whether the address is locked out.
  std::optional<Hold> LockedOut(const std::string& source, BootTime now);
  // A token was presented that is none of ours. Where that was one too many: the lock-out that begins.
  std::optional<Hold> BadToken(const std::string& source, BootTime now);
  // One call of a token's id, or of an address that has shown none. What they take is counted apart.
  std::optional<Hold> Call(const std::string& caller, BootTime now);
  std::optional<Hold> Enrolment(const std::string& source, BootTime now);

  uint64_t lock_outs() const { return lock_outs_; }
  size_t size() const { return visitors_.size(); }

 private:
  struct Visitor {
    std::string name;
    Bucket calls;
    Bucket enrolments;
    size_t bad = 0;  // tokens, since `bad_since`
    BootTime bad_since{};
    std::optional<BootTime> locked_until;
    bool held = false;  // the last call was
  };
  using Visitors = std::list<Visitor>;  // who came last is first

  // An address of IPv6 stands for its /64: whoever has one has them all.
  Visitor& Of(const std::string& name, BootTime now);
  void Forget(BootTime now);
  static std::optional<Hold> Take(Bucket& bucket, Visitor& visitor, BootTime now);

  const Limits limits_;
  Visitors visitors_;
  std::unordered_map<std::string, Visitors::iterator> by_name_;
  uint64_t lock_outs_ = 0;
};

}  // namespace postern::api
