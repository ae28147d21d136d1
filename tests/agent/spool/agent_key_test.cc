#include "agent/spool/agent_key.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/base/hex.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

TEST(AgentKey, IsMadeOnceForItsOwnerOnly) {
  TemporaryDirectory directory;
  const auto made = LoadOrMakeKey(directory.path());
  ASSERT_TRUE(made) << made.error().message;
  struct stat status;
  ASSERT_EQ(stat((directory / "agent.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto loaded = LoadOrMakeKey(directory.path());
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(made->public_key() == loaded->public_key());
  std::string published;
  std::ifstream(directory / "agent.pub") >> published;
  EXPECT_EQ(published, ToHex(made->public_key().raw()));
}

TEST(AgentKey, AFileThatIsNoKeyIsRefusedAndLeftAlone) {
  TemporaryDirectory directory;
  std::ofstream(directory / "agent.key") << "hello";
  std::filesystem::permissions(directory / "agent.key", std::filesystem::perms(0600));
  const auto key = LoadOrMakeKey(directory.path());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(std::filesystem::file_size(directory / "agent.key"), 5u);
}

TEST(AgentKey, AFileThatOthersCanReadIsRefused) {
  TemporaryDirectory directory;
  ASSERT_TRUE(LoadOrMakeKey(directory.path()));
  std::filesystem::permissions(directory / "agent.key", std::filesystem::perms(0640));
  const auto key = LoadOrMakeKey(directory.path());
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().message.find("chmod 600"), std::string::npos);
}

TEST(AgentKey, AMissingDirectoryIsUnavailable) {
  EXPECT_EQ(LoadOrMakeKey("/nonexistent/postern").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace postern::spool
