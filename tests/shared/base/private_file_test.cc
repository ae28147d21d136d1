#include "shared/base/private_file.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_directory.h"

namespace postern {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST(PrivateFile, IsMadeForItsOwnerAloneWhateverTheUmask) {
  const support::TemporaryDirectory directory;
  const mode_t before = umask(0);
  ASSERT_TRUE(MakeFile(directory / "secret", "a secret\n"));
  umask(0777);
  ASSERT_TRUE(MakeFile(directory / "shown", "shown\n", Access::kEverybody));
  umask(before);
  EXPECT_EQ(ModeOf(directory / "secret"), 0600);
  EXPECT_EQ(ModeOf(directory / "shown"), 0644);
  EXPECT_EQ(*ReadPrivateFile(directory / "secret"), "a secret\n");
}

TEST(PrivateFile, IsNeverOverwritten) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(MakeFile(directory / "secret", "first"));
  EXPECT_EQ(MakeFile(directory / "secret", "second").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(*ReadPrivateFile(directory / "secret"), "first");
  EXPECT_FALSE(std::filesystem::exists(directory / "secret.new"));
}

TEST(PrivateFile, ACrashWhileItIsMadeIsNoHindrance) {
  const support::TemporaryDirectory directory;
  directory.Write("secret.new", "half");
  ASSERT_TRUE(MakeFile(directory / "secret", "whole"));
  EXPECT_EQ(*ReadPrivateFile(directory / "secret"), "whole");
}

TEST(PrivateFile, IsNotReadWhereOthersMayRead) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(MakeFile(directory / "secret", "a secret"));
  for (const mode_t mode : {0640, 0604, 0620, 0601}) {
    ASSERT_EQ(chmod((directory / "secret").c_str(), mode), 0);
    const auto read = ReadPrivateFile(directory / "secret");
    ASSERT_FALSE(read) << mode;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_NE(read.error().message.find("chmod 600"), std::string::npos);
  }
}

TEST(PrivateFile, TellsWhatIsWrong) {
  const support::TemporaryDirectory directory;
  EXPECT_EQ(ReadPrivateFile(directory / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadPrivateFile(directory.path()).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(MakeFile(directory / "secret", "a secret"));
  ASSERT_EQ(symlink("secret", (directory / "link").c_str()), 0);
  EXPECT_EQ(ReadPrivateFile(directory / "link").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(MakeFile(directory / "no/such/directory", "").error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(MakeFile(directory / "large", std::string(kMaxPrivateFile + 1, 'x')));
  EXPECT_EQ(ReadPrivateFile(directory / "large").error().code, ErrorCode::kInvalid);
}

TEST(PrivateFile, IsReplacedInOneStepAndMadeWhereThereIsNone) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(ReplaceFile(directory / "secret", "one\n"));
  ASSERT_TRUE(ReplaceFile(directory / "secret", "two\n"));
  EXPECT_EQ(*ReadPrivateFile(directory / "secret"), "two\n");
  EXPECT_EQ(ModeOf(directory / "secret"), 0600);
  EXPECT_FALSE(ReplaceFile(directory / "nowhere/secret", "three\n"));
  std::filesystem::create_directory(directory / "taken");
  EXPECT_FALSE(ReplaceFile(directory / "taken", "four\n"));
  EXPECT_FALSE(std::filesystem::exists(directory / "taken.new"));
}

}  // namespace
}  // namespace postern
