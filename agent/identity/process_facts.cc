#include "agent/identity/process_facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/identity/descriptor.h"

// The system's own calls, relative to open directories: thousands of links are read for one search, and
// std::filesystem would make a path of each.

namespace postern::identity {
namespace {

struct Closer {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, Closer>;

Directory Open(int at, const char* name) {
  const int descriptor = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  Directory directory(::fdopendir(descriptor));
  if (!directory) ::close(descriptor);
  return directory;
}

template <size_t kSize>
std::string_view ReadLink(int at, const char* name, std::array<char, kSize>& into) {
  const ssize_t size = ::readlinkat(at, name, into.data(), into.size());
  return {into.data(), size > 0 ? static_cast<size_t>(size) : 0};
}

std::string LinkTarget(int process, const char* link) {
  std::array<char, PATH_MAX> target;
  return std::string(ReadLink(process, link, target));
}

bool HoldsSocket(int process, std::string_view wanted) {
  const Directory descriptors = Open(process, "fd");
  if (!descriptors) return false;
  // As much of a link as shows whether it is the one.
  std::array<char, 64> target;
  while (const dirent* const entry = ::readdir(descriptors.get())) {
    if (entry->d_name[0] == '.') continue;
    if (ReadLink(::dirfd(descriptors.get()), entry->d_name, target) == wanted) return true;
  }
  return false;
}

bool BelongsTo(int process, uid_t uid) {
  struct stat status{};
  // A process that may not be dumped shows root as its owner; its descriptors are hidden from all but root
  // then.
  return ::fstat(process, &status) == 0 && (status.st_uid == uid || status.st_uid == 0);
}

std::vector<pid_t> Processes(DIR* proc) {
  std::vector<pid_t> pids;
  while (const dirent* const entry = ::readdir(proc)) {
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    pid_t pid = 0;
    const auto [last, wrong] = std::from_chars(entry->d_name, end, pid);
    if (wrong == std::errc{} && last == end) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace

std::optional<ProcessFacts> FindProcess(const OsUser& user) {
  const std::string wanted = "socket:[" + std::to_string(user.inode) + "]";
  const Directory proc = Open(AT_FDCWD, "/proc");
  if (!proc) return std::nullopt;
  for (const pid_t pid : Processes(proc.get())) {
    const Descriptor process(
        ::openat(::dirfd(proc.get()), std::to_string(pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!process.is_open() || !BelongsTo(process.number(), user.uid)) continue;
    if (!HoldsSocket(process.number(), wanted)) continue;
    return ProcessFacts{pid, LinkTarget(process.number(), "exe"), LinkTarget(process.number(), "cwd")};
  }
  return std::nullopt;
}

}  // namespace postern::identity
