// Who stands at a server's door: a thread that answers ZeroMQ's question whom to admit (ZAP, RFC 27 of
// ZeroMQ), follows which connections open and close, and closes those that take more than their share.
//
// ZeroMQ's thread waits while the monitor's queue is full, so that queue is read here and never by a thread
// that also does other work.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "shared/base/result.h"
#include "shared/bus/admission.h"
#include "shared/bus/connections.h"
#include "shared/bus/socket.h"

namespace postern::bus {

// Counts how often keys come, and says which come too often: 30 at once, one a second from then on. It
// remembers only keys that are admitted and came within the last 30 s. Owned by the door thread.
class Knocks {
 public:
  using Clock = std::chrono::steady_clock;
  bool MayEnter(const CurveKey& key, Clock::time_point now);

 private:
  void Forget(Clock::time_point now);
  // Of each key: when all that it has used up will have come back. (A leaky bucket, as one number.)
  std::map<CurveKey, Clock::time_point> full_again_;
  Clock::time_point forget_at_{};
};

// Thread-safe: what may be called from outside is only its making and its end.
class Door {
 public:
  struct Reply {
    const char* status;
    const char* text;
  };
  struct Counts {
    std::atomic<uint64_t> accepted{0}, unknown_keys{0}, revoked_keys{0}, too_frequent{0};
  };

  // `router` must not be bound yet: from then on the door must be kept. All that is passed must live longer;
  // `changed` is raised when a connection ended.
  static Result<std::unique_ptr<Door>> Open(void* context, Socket& router, const Admission& admission,
                                            Connections& connections, WakeUp& changed);
  ~Door();  // ends the thread

  const Counts& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;
  Door(Socket questions, Monitor monitor, const Admission& admission, Connections& connections,
       WakeUp& changed);
  void Run();
  void ReadMonitor();
  void AnswerQuestions();
  void Answer(std::array<Message, 7>& question);
  Reply Judge(std::string_view key);
  void Inspect();

  Socket questions_;
  Monitor monitor_;
  const Admission& admission_;
  Connections& connections_;
  WakeUp& changed_;
  Knocks knocks_;
  Counts counts_;
  const size_t most_connections_;
  Clock::time_point inspect_at_{};
  std::atomic<bool> closing_{false};
  WakeUp close_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace postern::bus
