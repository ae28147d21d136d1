#include "shared/crypto/locked_secret.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::crypto {
namespace {

using ::testing::HasSubstr;

std::string Smaps() {
  std::ifstream file("/proc/self/smaps");
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<LockedSecret> Secret(std::string_view text) {
  return LockedSecret::Make(text.size(), [&](std::span<char> memory) -> Result<size_t> {
    std::copy(text.begin(), text.end(), memory.begin());
    return text.size();
  });
}

// The sanitizers turn mlock into nothing, since they need more memory than may be locked.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMlockWorks = false;
#else
constexpr bool kMlockWorks = true;
#endif

TEST(LockedSecret, IsLockedAndOutOfDumps) {
  if (!kMlockWorks) GTEST_SKIP() << "the sanitizers turn mlock into nothing";
  const auto secret = Secret("topsecret");
  char address[32];
  snprintf(address, sizeof address, "%lx-", reinterpret_cast<unsigned long>(secret->view().data()));
  std::istringstream lines(Smaps());
  std::string line;
  while (std::getline(lines, line) && line.find(address) != 0) {
  }
  ASSERT_TRUE(lines) << "not found in smaps";
  while (std::getline(lines, line) && line.find("VmFlags:") != 0) {
  }
  EXPECT_THAT(line, HasSubstr(" lo"));  // locked
  EXPECT_THAT(line, HasSubstr(" dd"));  // not dumped
  EXPECT_THAT(line, HasSubstr(" wf"));  // wiped on fork
}

TEST(LockedSecret, MovesWithoutACopy) {
  auto secret = Secret("topsecret");
  const char* where = secret->view().data();
  LockedSecret moved = *std::move(secret);
  EXPECT_EQ(moved.view().data(), where);
  EXPECT_TRUE(secret->view().empty());
  LockedSecret assigned;
  assigned = std::move(moved);
  EXPECT_EQ(assigned.view(), "topsecret");
}

TEST(LockedSecret, ReportsThatMemoryCannotBeLocked) {
  if (!kMlockWorks) GTEST_SKIP() << "the sanitizers turn mlock into nothing";
  if (geteuid() == 0) {
    // Root may lock without a limit, so another user tries.
    const pid_t pid = fork();
    if (pid == 0) {
      const rlimit none{0, 0};
      setrlimit(RLIMIT_MEMLOCK, &none);
      if (setuid(54321) != 0) _exit(1);
      const auto secret = Secret("topsecret");
      _exit(!secret && secret.error().code == ErrorCode::kUnavailable ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    return;
  }
  GTEST_SKIP() << "only root can become another user";
}

TEST(DisableCoreDumps, HoldsFromThenOn) {
  const pid_t pid = fork();
  if (pid == 0) {
    rlimit limit{};
    const bool done = DisableCoreDumps().has_value() && prctl(PR_GET_DUMPABLE) == 0 &&
                      getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
    _exit(done ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace postern::crypto
