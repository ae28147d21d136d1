// When each agent was heard last, and how it goes on without its collector: so that it can be said until when
// a host that can't be reached may use what was revoked. Never too early, across crashes of the collector
// too.
//
// A host counts from its last *answered* word's sending, which is before that word came here. So what is kept
// in memory is when words came, and on the disk a time that is not before it: of a connected agent one to
// come, written before its Welcome goes out and renewed once a minute; at its end, when that was.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/guarded.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"

namespace postern::intake {

// How a host goes on while it doesn't hear of its collector.
enum class Mode {
  kUnknown,     // it hasn't said
  kStrict,      // it refuses after 30 s
  kBestEffort,  // it goes on by what it remembers for its policy_ttl
};

struct Contact {
  Mode mode = Mode::kUnknown;
  std::optional<int64_t> heard;  // seconds since 1970, not before it was; nothing: not known
  std::optional<int64_t> until;  // from then on it refuses whatever it remembers; nothing: not known
};

// Times are seconds since 1970. Thread-safe.
class Contacts {
 public:
  static constexpr int64_t kStrictSeconds = 30;  // as agents have it
  static constexpr int64_t kAhead = 90;          // so far to come is the time on the disk
  static constexpr int64_t kRenew = 30;          // when so little of it is left

  // Written by a collector of another epoch, one says nothing of when: another has forgotten what came after.
  explicit Contacts(uint64_t epoch) : epoch_(epoch) {}
  void Load(const std::vector<wire::AgentContact>& records);

  // Whether it has ever been spoken with, as far as is known.
  bool Knows(const std::string& agent) const;
  Contact Find(const std::string& agent) const;

  void Greet(const std::string& agent, const wire::Hello& hello, int64_t now);
  void Hear(const std::string& agent, int64_t now);
  void Leave(const std::string& agent);
  // It was told that it was revoked and has said so: it lets nothing through from then on.
  void Stop(const std::string& agent, int64_t now);

  // What must be on the disk now and isn't; counts as written. Where it couldn't be, Return it.
  std::vector<wire::AgentContact> TakeDue(int64_t now);
  void Return(const std::vector<wire::AgentContact>& records);

 private:
  struct Entry {
    wire::AgentContact record;  // as it is on the disk, or will be
    int64_t heard = 0;          // 0: not known
    bool connected = false;
    bool due = false;
  };

  const uint64_t epoch_;
  Guarded<std::map<std::string, Entry>> entries_;
};

}  // namespace postern::intake
