#include "tests/shared/policy/allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> allocations = 0;
std::atomic<size_t> live = 0;
std::atomic<size_t> peak = 0;

// The size stands in front of what is given out.
constexpr size_t kFront = alignof(std::max_align_t);

void* Allocate(size_t size) noexcept {
  ++allocations;
  auto* whole = static_cast<unsigned char*>(std::malloc(size + kFront));
  if (whole == nullptr) return nullptr;
  *reinterpret_cast<size_t*>(whole) = size;
  const size_t now = live += size;
  if (now > peak) peak = now;  // tests that look at it have one thread
  return whole + kFront;
}

void Free(void* memory) {
  if (memory == nullptr) return;
  auto* whole = static_cast<unsigned char*>(memory) - kFront;
  live -= *reinterpret_cast<size_t*>(whole);
  std::free(whole);
}

}  // namespace

void* operator new(size_t size) {
  if (void* memory = Allocate(size)) return memory;
  throw std::bad_alloc();
}
// What is asked for without throwing is freed by the operators below, too.
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }

size_t postern::policy::Allocations() { return allocations; }
size_t postern::policy::LiveBytes() { return live; }
size_t postern::policy::PeakBytes() { return peak; }
void postern::policy::ResetPeak() { peak = live.load(); }
