#include "agent/identity/provider_credential.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/agent/identity/temporary_directory.h"

namespace postern::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ReadCredentialFile, DropsOneNewlineAtTheEnd) {
  const TemporaryDirectory directory;
  for (const char* text : {"sk-ant-1", "sk-ant-1\n", "sk-ant-1\r\n"}) {
    Write(directory / "key", text);
    const auto credential = ReadCredentialFile(directory / "key");
    ASSERT_TRUE(credential) << credential.error().message;
    EXPECT_EQ(credential->secret.view(), "sk-ant-1");
  }
}

TEST(ReadCredentialFile, RefusesWhatNoHeaderMayHold) {
  const TemporaryDirectory directory;
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("topsecret\n\n"), std::string("top secret"),
        std::string("topsecret\r\nx: y"), std::string("topsecret\0", 10), std::string("topsecret\x7f"),
        std::string("topsecret\xc3\xa9"), std::string(16385, 'x'), std::string(1'000'000, 'x')}) {
    Write(directory / "key", text);
    const auto credential = ReadCredentialFile(directory / "key");
    ASSERT_FALSE(credential) << text.substr(0, 40);
    EXPECT_EQ(credential.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(credential.error().message, Not(HasSubstr("secret")));
    EXPECT_THAT(credential.error().message, HasSubstr((directory / "key").string()));
  }
  Write(directory / "key", std::string(16384, 'x') + "\r\n");
  EXPECT_EQ(ReadCredentialFile(directory / "key")->secret.view().size(), 16384u);
}

TEST(ReadCredentialFile, WarnsWhereOthersCanReadIt) {
  const TemporaryDirectory directory;
  Write(directory / "key", "topsecret");
  chmod((directory / "key").c_str(), 0640);
  EXPECT_EQ(ReadCredentialFile(directory / "key")->warning, std::nullopt);
  chmod((directory / "key").c_str(), 0644);
  const auto credential = ReadCredentialFile(directory / "key");
  ASSERT_TRUE(credential->warning);
  EXPECT_THAT(*credential->warning, Not(HasSubstr("topsecret")));
  EXPECT_EQ(ReadCredentialFile(directory / "nothing").error().code, ErrorCode::kNotFound);
}

TEST(TakeCredentialFromEnvironment, LeavesNothingBehind) {
  setenv("IDENTITY_TEST_CREDENTIAL", "topsecret", 1);
  const char* where = std::getenv("IDENTITY_TEST_CREDENTIAL");
  const auto credential = TakeCredentialFromEnvironment("IDENTITY_TEST_CREDENTIAL");
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->secret.view(), "topsecret");
  EXPECT_EQ(std::getenv("IDENTITY_TEST_CREDENTIAL"), nullptr);
  EXPECT_EQ(std::string_view(where, 9), std::string_view("\0\0\0\0\0\0\0\0\0", 9));
  EXPECT_EQ(TakeCredentialFromEnvironment("IDENTITY_TEST_CREDENTIAL").error().code, ErrorCode::kNotFound);
}

TEST(TakeCredentialFromEnvironment, RemovesAlsoWhatIsNotValid) {
  setenv("IDENTITY_TEST_CREDENTIAL", "two words", 1);
  const auto credential = TakeCredentialFromEnvironment("IDENTITY_TEST_CREDENTIAL");
  EXPECT_EQ(credential.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(credential.error().message, Not(HasSubstr("words")));
  EXPECT_EQ(std::getenv("IDENTITY_TEST_CREDENTIAL"), nullptr);
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
  std::istringstream lines(Content("/proc/self/smaps"));
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
}  // namespace postern::identity
