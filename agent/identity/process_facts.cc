#include "agent/identity/process_facts.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include <sys/stat.h>

namespace postern::identity {
namespace {

namespace fs = std::filesystem;

std::string LinkTarget(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.string();
}

bool HoldsSocket(const fs::path& process, const std::string& wanted) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    if (LinkTarget(entry->path()) == wanted) return true;
  }
  return false;
}

bool BelongsTo(const fs::path& process, uid_t uid) {
  struct stat status{};
  // A process that may not be dumped shows root as its owner; its descriptors are hidden from all but root
  // then.
  return stat(process.c_str(), &status) == 0 && (status.st_uid == uid || status.st_uid == 0);
}

std::vector<pid_t> Processes() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [last, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong == std::errc{} && last == name.data() + name.size()) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace

std::optional<ProcessFacts> FindProcess(const OsUser& user) {
  const std::string wanted = "socket:[" + std::to_string(user.inode) + "]";
  for (const pid_t pid : Processes()) {
    const fs::path process = "/proc/" + std::to_string(pid);
    if (!BelongsTo(process, user.uid) || !HoldsSocket(process, wanted)) continue;
    return ProcessFacts{pid, LinkTarget(process / "exe"), LinkTarget(process / "cwd")};
  }
  return std::nullopt;
}

}  // namespace postern::identity
