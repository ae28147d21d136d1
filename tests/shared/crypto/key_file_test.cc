#include "shared/crypto/key_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace postern::crypto {
namespace {

class KeyFile : public ::testing::Test {
 protected:
  KeyFile() {
    std::string pattern = ::testing::TempDir() + "/keyXXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~KeyFile() override { std::filesystem::remove_all(directory_); }
  std::string Path(const char* name) const { return directory_ + "/" + name; }
  static unsigned ModeOf(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
  }

  std::string directory_;
};

TEST_F(KeyFile, IsWrittenForItsOwnerAloneAndReadAgain) {
  ASSERT_TRUE(WriteKeyFile(Path("key"), "secret\n", Mode::kOwnerOnly));
  EXPECT_EQ(ModeOf(Path("key")), 0600u);
  EXPECT_EQ(*ReadKeyFile(Path("key")), "secret\n");
  ASSERT_TRUE(WriteKeyFile(Path("key"), "another", Mode::kOwnerOnly));
  EXPECT_EQ(*ReadKeyFile(Path("key")), "another");
  ASSERT_TRUE(WriteKeyFile(Path("public"), "x", Mode::kReadable));
  EXPECT_EQ(ModeOf(Path("public")), 0644u);
  EXPECT_FALSE(std::filesystem::exists(Path("key.new")));
}

TEST_F(KeyFile, ThatOthersCanReadIsRefused) {
  ASSERT_TRUE(WriteKeyFile(Path("key"), "secret", Mode::kOwnerOnly));
  for (const unsigned mode : {0640u, 0604u, 0620u}) {
    chmod(Path("key").c_str(), mode);
    const auto text = ReadKeyFile(Path("key"));
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(text.error().message.find("secret\n"), std::string::npos);
  }
}

TEST_F(KeyFile, IsAPlainFileOfAKeysSize) {
  EXPECT_EQ(ReadKeyFile(Path("nothing")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadKeyFile(directory_).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(WriteKeyFile(Path("key"), std::string(100'000, 'x'), Mode::kOwnerOnly));
  EXPECT_EQ(ReadKeyFile(Path("key")).error().code, ErrorCode::kInvalid);
  std::filesystem::create_symlink(Path("key"), Path("link"));
  EXPECT_EQ(ReadKeyFile(Path("link")).error().code, ErrorCode::kInvalid);
}

TEST_F(KeyFile, ThatCannotBeWrittenLeavesNothing) {
  EXPECT_EQ(WriteKeyFile(Path("none/key"), "x", Mode::kOwnerOnly).error().code, ErrorCode::kUnavailable);
  std::filesystem::create_directory(Path("directory"));
  EXPECT_EQ(WriteKeyFile(Path("directory"), "x", Mode::kOwnerOnly).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace postern::crypto
