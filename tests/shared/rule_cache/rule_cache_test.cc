#include "shared/rule_cache/rule_cache.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temporary_directory.h"

namespace postern::rule_cache {
namespace {

namespace fs = std::filesystem;

mode_t ModeOf(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST(RuleCache, GivesBackWhatWasKept) {
  const support::TemporaryDirectory directory;
  const secrets::DatabaseCache cache = In(directory / "deeper/rules");
  EXPECT_FALSE(cache.find("k1").has_value());
  const std::string bytes("any\0bytes", 9);
  cache.keep("k1", bytes);
  EXPECT_EQ(cache.find("k1"), bytes);
  EXPECT_FALSE(cache.find("k2").has_value());
  EXPECT_EQ(ModeOf(directory / "deeper/rules"), 0700u);
  EXPECT_EQ(ModeOf(directory / "deeper/rules/rules-k1"), 0600u);
}

TEST(RuleCache, TakesNothingThatWasChangedOrCutOff) {
  const support::TemporaryDirectory directory;
  const secrets::DatabaseCache cache = In(directory / "rules");
  cache.keep("k1", "a database");
  const std::string path = directory / "rules/rules-k1";
  const std::string whole = support::ReadFile(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    directory.Write("rules/rules-k1", changed);
    EXPECT_FALSE(cache.find("k1").has_value()) << at;
    directory.Write("rules/rules-k1", whole.substr(0, at));
    EXPECT_FALSE(cache.find("k1").has_value()) << at;
  }
  cache.keep("k1", "a database");
  EXPECT_EQ(cache.find("k1"), "a database");
}

TEST(RuleCache, TakesNothingThatOthersCouldHaveWritten) {
  const support::TemporaryDirectory directory;
  const secrets::DatabaseCache cache = In(directory / "rules");
  cache.keep("k1", "a database");
  const fs::path path = directory / "rules/rules-k1";
  fs::permissions(path, fs::perms::group_write, fs::perm_options::add);
  EXPECT_FALSE(cache.find("k1").has_value());
  fs::permissions(path, fs::perms::group_write, fs::perm_options::remove);
  EXPECT_TRUE(cache.find("k1").has_value());
  fs::permissions(directory / "rules", fs::perms::others_write, fs::perm_options::add);
  EXPECT_FALSE(cache.find("k1").has_value());
  cache.keep("k2", "another");
  EXPECT_FALSE(fs::exists(directory / "rules/rules-k2"));
}

TEST(RuleCache, FollowsNoLink) {
  const support::TemporaryDirectory directory;
  const secrets::DatabaseCache cache = In(directory / "rules");
  cache.keep("k1", "a database");
  fs::rename(directory / "rules/rules-k1", directory / "elsewhere");
  fs::create_symlink(directory / "elsewhere", directory / "rules/rules-k1");
  EXPECT_FALSE(cache.find("k1").has_value());
}

TEST(RuleCache, KeepsTheNewestOnly) {
  const support::TemporaryDirectory directory;
  const secrets::DatabaseCache cache = In(directory / "rules");
  for (size_t i = 0; i < kMostKept + 3; ++i) {
    cache.keep("k" + std::to_string(i), "database " + std::to_string(i));
    // File systems' times are coarse.
    fs::last_write_time(directory / ("rules/rules-k" + std::to_string(i)),
                        fs::file_time_type::clock::now() - std::chrono::minutes(60 - i));
  }
  EXPECT_FALSE(cache.find("k0").has_value());
  EXPECT_TRUE(cache.find("k" + std::to_string(kMostKept + 2)).has_value());
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory / "rules")) ++files;
  EXPECT_LE(files, kMostKept);
}

}  // namespace
}  // namespace postern::rule_cache
