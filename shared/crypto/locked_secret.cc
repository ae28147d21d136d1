#include "shared/crypto/locked_secret.h"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/base/check.h"
#include "shared/crypto/random.h"

namespace postern::crypto {
namespace {

Error Unavailable(std::string_view what) {
  return Error{ErrorCode::kUnavailable, std::string(what) + ": " + std::generic_category().message(errno)};
}

size_t WholePages(size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

Result<LockedSecret> LockedSecret::Make(size_t capacity,
                                        const std::function<Result<size_t>(std::span<char>)>& fill) {
  const size_t size = WholePages(capacity);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Unavailable("no memory for a secret");
  LockedSecret secret;
  secret.memory_ = {static_cast<char*>(memory), size};
  if (mlock(memory, size) != 0)
    return Unavailable("memory for a secret can't be locked (see RLIMIT_MEMLOCK)");
  if (madvise(memory, size, MADV_DONTDUMP) != 0)
    return Unavailable("memory for a secret can't be kept out of dumps");
  if (madvise(memory, size, MADV_WIPEONFORK) != 0)
    return Unavailable("memory for a secret can't be kept from children");
  ASSIGN_OR_RETURN(secret.size_, fill(secret.memory_.first(capacity)));
  CHECK(secret.size_ <= capacity);
  return secret;
}

LockedSecret::LockedSecret(LockedSecret&& other) noexcept
    : memory_(std::exchange(other.memory_, {})), size_(std::exchange(other.size_, 0)) {}

LockedSecret& LockedSecret::operator=(LockedSecret&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  return *this;
}

LockedSecret::~LockedSecret() {
  if (memory_.empty()) return;
  Cleanse(memory_);
  munmap(memory_.data(), memory_.size());
}

void LockedSecret::Truncate(size_t size) {
  CHECK(size <= size_);
  Cleanse(memory_.subspan(size, size_ - size));
  size_ = size;
}

Status DisableCoreDumps() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return Unavailable("core dumps can't be switched off");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Unavailable("this process can't be made undumpable");
  return Ok{};
}

}  // namespace postern::crypto
