// The event loop: one thread, edge-triggered epoll, coroutines that wait on a Strand.
//
// A descriptor is registered once (in, out, rdhup, edge-triggered). What the kernel says is kept as flags on
// the Socket, and whoever the socket belongs to is told that something changed; waiting code then looks again
// at what it waits for. So a wait may end for no reason, and is always a loop:
//
//   while (!socket.readable()) {
//     if (const Wake wake = co_await strand.Wait(); wake != Wake::kEvent) co_return ...;
//   }
//
// One coroutine a connection, one Strand a coroutine. The strand carries the deadline of whatever its
// coroutine is doing, and watches one socket (the client's) whose hang-up ends every wait.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "shared/base/clock.h"
#include "shared/base/guarded.h"
#include "shared/base/result.h"
#include "shared/http/task.h"
#include "shared/http/timer_wheel.h"

namespace postern::http {

class Loop;
class Socket;

// Told that a socket's flags have changed. May destroy the socket.
class SocketOwner {
 public:
  virtual void OnSocketEvent(Socket& socket) = 0;

 protected:
  ~SocketOwner() = default;
};

// A non-blocking descriptor in a loop; closes it when destroyed. Owned by the loop thread.
class Socket {
 public:
  // Takes the descriptor, which must be non-blocking. `owner` may be null until there is one.
  Socket(Loop& loop, int descriptor, SocketOwner* owner);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  int descriptor() const { return descriptor_; }
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  // The peer has closed its sending side, or the connection is broken. Bytes may still be there to read.
  bool hung_up() const { return hung_up_; }

  // The last call on the descriptor found nothing to do: wait for the next edge.
  void Drained() { readable_ = false; }
  void Filled() { writable_ = false; }

  void set_owner(SocketOwner* owner) { owner_ = owner; }

 private:
  friend class Loop;
  Loop& loop_;
  const int descriptor_;
  SocketOwner* owner_;
  bool readable_ = false;
  bool writable_ = false;
  bool hung_up_ = false;
};

enum class Wake {
  kEvent,      // something happened: look again
  kDeadline,   // the strand's deadline has passed
  kCancelled,  // the watched socket hung up, or Cancel() was called
};

// Where one coroutine waits. Owned by the loop thread.
class Strand final : public SocketOwner, private Timer {
 public:
  explicit Strand(Loop& loop) : loop_(loop) {}
  ~Strand() override;

  Loop& loop() { return loop_; }

  // From now on every wait ends at this time; each stage of an exchange sets its own.
  void SetDeadline(BootTime deadline);
  void SetDeadlineIn(std::chrono::nanoseconds delay);
  void ClearDeadline();
  bool expired() const { return expired_; }  // the deadline that was set last has passed

  // From now on a hang-up of this socket ends every wait with kCancelled. Null watches none.
  void Watch(const Socket* socket) { watched_ = socket; }
  // Every wait from now on ends with kCancelled.
  void Cancel();
  // Takes Cancel back, so that what is left to be said can be said; a hang-up stays one.
  void Recover() { cancelled_ = false; }
  bool cancelled() const;

  // Lets the waiting coroutine look again, later in this turn of the loop. Any number of calls is one
  // wake-up.
  void Notify();
  void OnSocketEvent(Socket&) override { Notify(); }

  // co_await strand.Wait(): until Notify, the deadline or cancellation.
  auto Wait() {
    struct Awaiter {
      Strand& strand;
      bool await_ready() const { return strand.notified_ || strand.expired_ || strand.cancelled(); }
      void await_suspend(std::coroutine_handle<> handle) const { strand.waiting_ = handle; }
      Wake await_resume() const { return strand.TakeWake(); }
    };
    return Awaiter{*this};
  }

 private:
  friend class Loop;
  void OnDeadline() override;
  Wake TakeWake();

  Loop& loop_;
  std::coroutine_handle<> waiting_;
  const Socket* watched_ = nullptr;
  bool notified_ = false;  // in the loop's list of strands to resume
  bool expired_ = false;
  bool cancelled_ = false;
};

// Something to do once a turn of the loop has done all else: what many of the turn's coroutines want done can
// be done for all of them together.
class TurnEnd {
 public:
  virtual void OnTurnEnd() = 0;

 protected:
  ~TurnEnd() = default;
};

// Not movable; Run() is called by the thread that owns everything in it. Only Post and Stop may be called by
// others.
class Loop {
 public:
  // kUnavailable when the kernel gives no epoll or eventfd.
  static Result<std::unique_ptr<Loop>> Make();
  ~Loop();

  // Runs until Stop.
  void Run();
  void Stop();

  // Runs `call` on the loop's thread, in order of posting. Costs a system call only where the loop sleeps.
  // Thread-safe.
  void Post(std::function<void()> call);

  // Starts a coroutine that nobody awaits. It ends by itself or is destroyed with the loop.
  void Spawn(Task<void> task);
  size_t spawned() const { return detached_.size(); }
  // Destroys those that haven't ended. To be called after Run, before what they use goes.
  void DestroySpawned();

  // Calls it once at the end of this turn. It must live until then, or until the loop has ended.
  void AtTurnEnd(TurnEnd& end) { ending_.push_back(&end); }

  // The time at which this turn of the loop began.
  BootTime now() const { return now_; }
  TimerWheel& timers() { return timers_; }

  // The longest time that one turn has taken since the last call, waiting not counted.
  std::chrono::nanoseconds TakeLongestTurn();

 private:
  friend class Socket;
  friend class Strand;
  struct Detached;
  Loop(int epoll, int wakeup);

  void Register(Socket& socket);
  void Unregister(Socket& socket);
  void Resume(Strand& strand) { to_resume_.push_back(&strand); }
  void Forget(const Strand& strand);
  void WaitForEvents();
  int TimeToSleep();
  void EndTurn();
  void RunPosted();
  void ResumeStrands();
  static Detached RunDetached(Loop& loop, Task<void> task);

  const int epoll_;
  const int wakeup_;
  BootTime now_;
  TimerWheel timers_;
  struct Slot {
    Socket* socket = nullptr;
    uint32_t generation = 0;
  };
  std::vector<Slot>
      sockets_;  // by descriptor; the generation tells a stale event from one of a reused descriptor
  std::vector<Strand*> to_resume_;
  std::vector<Strand*> resuming_;
  std::vector<TurnEnd*> ending_;
  std::vector<TurnEnd*> ending_now_;
  Guarded<std::vector<std::function<void()>>> posted_;
  std::vector<std::function<void()>> running_;  // taken from posted_, whose memory it gives back
  // Whoever posts sets the first and then looks at the second; the loop, before it sleeps, does it the other
  // way round. So one of them always sees the other.
  std::atomic<bool> has_posted_{false};
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stopped_{false};
  std::chrono::nanoseconds longest_turn_{0};
  std::unordered_set<void*> detached_;  // the frames of those still running
};

}  // namespace postern::http
