#include "shared/http/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace postern::http::internal {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POSTERN_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POSTERN_ADDRESS_SANITIZER
#endif

#ifdef POSTERN_ADDRESS_SANITIZER
constexpr size_t kMostKept = 0;
#else
constexpr size_t kMostKept = 64;  // of one class; 4.7 MB of all, if all were full
#endif
constexpr size_t kGrain = 64;
constexpr size_t kClasses = 48;  // up to 3 KiB

struct Idle {
  Idle* next;
};

struct Class {
  Idle* first = nullptr;
  size_t count = 0;
};

struct FramePool {
  ~FramePool() {
    for (Class& kept : classes) {
      while (kept.first != nullptr) ::operator delete(std::exchange(kept.first, kept.first->next));
    }
  }
  std::array<Class, kClasses> classes;
};

thread_local FramePool pool;

size_t ClassOf(size_t size) { return (size - 1) / kGrain; }

}  // namespace

void* TakeFrame(size_t size) {
  const size_t index = ClassOf(size);
  if (index >= kClasses) return ::operator new(size);
  Class& kept = pool.classes[index];
  if (kept.first == nullptr) return ::operator new((index + 1) * kGrain);
  --kept.count;
  return std::exchange(kept.first, kept.first->next);
}

void ReturnFrame(void* frame, size_t size) {
  const size_t index = ClassOf(size);
  if (index >= kClasses || pool.classes[index].count >= kMostKept) return ::operator delete(frame);
  Class& kept = pool.classes[index];
  kept.first = new (frame) Idle{kept.first};
  ++kept.count;
}

}  // namespace postern::http::internal
