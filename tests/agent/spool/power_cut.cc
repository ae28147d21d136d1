// A power cut for any program: LD_PRELOAD=power_cut.so POWER_CUT_DIRECTORY=/state program …, then kill -9.
//
// Bytes that the program writes to files in the directory stay in its memory until it calls fsync or
// fdatasync (or closes the file). Killed, it leaves what a machine would leave whose power was cut: what was
// synced. It doesn't imitate the loss of a new file's name.
#include <map>
#include <mutex>
#include <string>

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

// What is held for one descriptor; `ours` tells whether it is a file in the directory.
struct Held {
  bool ours = false;
  std::string bytes;
};

// Never destroyed: files are still written while the program ends.
std::mutex& Lock() {
  static auto* const lock = new std::mutex;
  return *lock;
}
std::map<int, Held>& Files() {
  static auto* const files = new std::map<int, Held>;
  return *files;
}

template <class Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsOurs(int descriptor) {
  static const char* const directory = getenv("POWER_CUT_DIRECTORY");
  struct stat status;
  if (directory == nullptr || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof(path) - 1);
  return size > 0 && strncmp(path, directory, strlen(directory)) == 0;
}

// Lets go of what is held. With the lock held.
int Release(int descriptor) {
  static auto* const real_write = Next<ssize_t(int, const void*, size_t)>("write");
  const auto found = Files().find(descriptor);
  if (found == Files().end()) return 0;
  std::string bytes;
  bytes.swap(found->second.bytes);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t size = real_write(descriptor, bytes.data() + at, bytes.size() - at);
    if (size < 0) return -1;
    at += static_cast<size_t>(size);
  }
  return 0;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static auto* const real_write = Next<ssize_t(int, const void*, size_t)>("write");
  {
    const std::lock_guard lock(Lock());
    auto [file, is_new] = Files().try_emplace(descriptor);
    if (is_new) file->second.ours = IsOurs(descriptor);
    if (file->second.ours) {
      file->second.bytes.append(static_cast<const char*>(bytes), size);
      return static_cast<ssize_t>(size);
    }
  }
  return real_write(descriptor, bytes, size);
}

int fdatasync(int descriptor) {
  static auto* const real_sync = Next<int(int)>("fdatasync");
  {
    const std::lock_guard lock(Lock());
    if (Release(descriptor) != 0) return -1;
  }
  return real_sync(descriptor);
}

int fsync(int descriptor) {
  static auto* const real_sync = Next<int(int)>("fsync");
  {
    const std::lock_guard lock(Lock());
    if (Release(descriptor) != 0) return -1;
  }
  return real_sync(descriptor);
}

int close(int descriptor) {
  static auto* const real_close = Next<int(int)>("close");
  {
    const std::lock_guard lock(Lock());
    static_cast<void>(Release(descriptor));
    Files().erase(descriptor);
  }
  return real_close(descriptor);
}

}  // extern "C"
