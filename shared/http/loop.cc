#include "shared/http/loop.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace postern::http {
namespace {

constexpr uint32_t kInterest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr uint64_t kWakeupTag = ~uint64_t{0};

uint64_t Tag(int descriptor, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | static_cast<uint32_t>(descriptor);
}

}  // namespace

// The frame of a coroutine that nobody awaits; the loop knows it while it lives.
struct Loop::Detached {
  struct promise_type {
    Loop& loop;

    promise_type(Loop& owner, Task<void>&) : loop(owner) { loop.detached_.insert(address()); }
    ~promise_type() { loop.detached_.erase(address()); }
    void* address() { return std::coroutine_handle<promise_type>::from_promise(*this).address(); }

    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

Socket::Socket(Loop& loop, int descriptor, SocketOwner* owner)
    : loop_(loop), descriptor_(descriptor), owner_(owner) {
  loop_.Register(*this);
}

Socket::~Socket() {
  loop_.Unregister(*this);
  ::close(descriptor_);
}

Strand::~Strand() {
  if (notified_) loop_.Forget(*this);
}

void Strand::SetDeadline(BootTime deadline) {
  expired_ = false;
  loop_.timers().Set(*this, deadline);
}

void Strand::SetDeadlineIn(std::chrono::nanoseconds delay) { SetDeadline(loop_.now() + delay); }

void Strand::ClearDeadline() {
  expired_ = false;
  loop_.timers().Clear(*this);
}

void Strand::Cancel() {
  cancelled_ = true;
  Notify();
}

bool Strand::cancelled() const { return cancelled_ || (watched_ != nullptr && watched_->hung_up()); }

void Strand::Notify() {
  if (notified_) return;
  notified_ = true;
  loop_.Resume(*this);
}

void Strand::OnDeadline() {
  expired_ = true;
  Notify();
}

Wake Strand::TakeWake() {
  if (notified_) {
    loop_.Forget(*this);
    notified_ = false;
  }
  if (cancelled()) return Wake::kCancelled;
  return expired_ ? Wake::kDeadline : Wake::kEvent;
}

Result<std::unique_ptr<Loop>> Loop::Make() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int wakeup = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll < 0 || wakeup < 0) {
    if (epoll >= 0) ::close(epoll);
    if (wakeup >= 0) ::close(wakeup);
    return Error{ErrorCode::kUnavailable,
                 "the kernel gave no epoll descriptor: the limit of open files is reached"};
  }
  return std::unique_ptr<Loop>(new Loop(epoll, wakeup));
}

Loop::Loop(int epoll, int wakeup) : epoll_(epoll), wakeup_(wakeup), now_(BootClock::now()), timers_(now_) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeupTag;
  CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wakeup_, &event) == 0);
}

Loop::~Loop() {
  DestroySpawned();
  ::close(wakeup_);
  ::close(epoll_);
}

void Loop::Register(Socket& socket) {
  const auto index = static_cast<size_t>(socket.descriptor_);
  if (index >= sockets_.size()) sockets_.resize(index + 64);
  Slot& slot = sockets_[index];
  slot.socket = &socket;
  epoll_event event{};
  event.events = kInterest;
  event.data.u64 = Tag(socket.descriptor_, ++slot.generation);
  CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.descriptor_, &event) == 0);
}

void Loop::Unregister(Socket& socket) {
  Slot& slot = sockets_[static_cast<size_t>(socket.descriptor_)];
  slot.socket = nullptr;
  ++slot.generation;  // closing the descriptor takes it out of epoll; what this batch still holds is stale
}

void Loop::Forget(const Strand& strand) {
  std::replace(to_resume_.begin(), to_resume_.end(), const_cast<Strand*>(&strand),
               static_cast<Strand*>(nullptr));
  std::replace(resuming_.begin(), resuming_.end(), const_cast<Strand*>(&strand),
               static_cast<Strand*>(nullptr));
}

void Loop::Run() {
  while (!stopped_.load(std::memory_order_relaxed)) {
    WaitForEvents();
    timers_.Advance(now_);
    ResumeStrands();
    EndTurn();
    longest_turn_ = std::max(longest_turn_, BootClock::now() - now_);
  }
}

void Loop::Stop() {
  stopped_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wakeup_, &one, sizeof(one));
}

void Loop::Post(std::function<void()> call) {
  posted_.With([&](auto& calls) { calls.push_back(std::move(call)); });
  has_posted_ = true;
  if (!asleep_.exchange(false)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wakeup_, &one, sizeof(one));
}

Loop::Detached Loop::RunDetached(Loop&, Task<void> task) { co_await std::move(task); }

void Loop::Spawn(Task<void> task) { RunDetached(*this, std::move(task)); }

void Loop::DestroySpawned() {
  while (!detached_.empty()) std::coroutine_handle<>::from_address(*detached_.begin()).destroy();
}

std::chrono::nanoseconds Loop::TakeLongestTurn() {
  return std::exchange(longest_turn_, std::chrono::nanoseconds(0));
}

// In milliseconds; -1: until something happens.
int Loop::TimeToSleep() {
  if (!to_resume_.empty() || has_posted_) return 0;
  int timeout = -1;
  if (const auto look = timers_.NextLook()) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*look - BootClock::now());
    timeout = static_cast<int>(std::max<int64_t>(wait.count(), 0));
    if (timeout == 0) return 0;
  }
  asleep_ = true;
  return has_posted_ ? 0 : timeout;
}

void Loop::WaitForEvents() {
  std::array<epoll_event, 256> events;  // NOLINT: the kernel fills it
  const int timeout = TimeToSleep();
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
  asleep_ = false;
  now_ = BootClock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == kWakeupTag) {
      uint64_t rung = 0;
      [[maybe_unused]] const auto read = ::read(wakeup_, &rung, sizeof(rung));
      continue;
    }
    const Slot& slot = sockets_[event.data.u64 & 0xffffffffU];
    if (slot.socket == nullptr || slot.generation != event.data.u64 >> 32) continue;
    Socket& socket = *slot.socket;
    constexpr uint32_t kGone = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    if (event.events & (EPOLLIN | kGone)) socket.readable_ = true;
    if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) socket.writable_ = true;
    if (event.events & kGone) socket.hung_up_ = true;
    if (socket.owner_ != nullptr) socket.owner_->OnSocketEvent(socket);
  }
  RunPosted();
}

void Loop::RunPosted() {
  if (!has_posted_ || !has_posted_.exchange(false)) return;
  posted_.With([this](auto& waiting) { running_.swap(waiting); });
  for (auto& call : running_) call();
  running_.clear();
}

void Loop::EndTurn() {
  // What one of them registers anew comes at the end of the next turn.
  ending_now_.swap(ending_);
  for (TurnEnd* const end : ending_now_) end->OnTurnEnd();
  ending_now_.clear();
}

void Loop::ResumeStrands() {
  // A strand that is notified while others run waits for the next turn, so that no one starves the
  // descriptors.
  resuming_.swap(to_resume_);
  for (size_t i = 0; i < resuming_.size(); ++i) {
    Strand* const strand = std::exchange(resuming_[i], nullptr);
    if (strand == nullptr) continue;
    strand->notified_ = false;
    if (const auto handle = std::exchange(strand->waiting_, nullptr)) {
      handle.resume();
    }
  }
  resuming_.clear();
}

}  // namespace postern::http
