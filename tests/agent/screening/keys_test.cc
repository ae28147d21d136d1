#include "agent/screening/keys.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace postern::screening {
namespace {

namespace fs = std::filesystem;

TEST(HostKeys, AreMadeOnceAndForTheOwnerAlone) {
  const support::TemporaryDirectory state;
  const auto made = FindHostKeys(state.path());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(made->placeholder.view(), made->fingerprint.view());
  const auto again = FindHostKeys(state.path());
  ASSERT_TRUE(again);
  EXPECT_EQ(made->placeholder.view(), again->placeholder.view());
  EXPECT_EQ(made->fingerprint.view(), again->fingerprint.view());
  EXPECT_EQ(fs::status(state / "secrets.key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const support::TemporaryDirectory other;
  EXPECT_NE(FindHostKeys(other.path())->placeholder.view(), made->placeholder.view());
}

TEST(HostKeys, AreNeitherTakenFromOthersNorMadeAnewInTheirPlace) {
  const support::TemporaryDirectory state;
  ASSERT_TRUE(FindHostKeys(state.path()));
  const std::string bytes = support::ReadFile(state / "secrets.key");
  fs::permissions(state / "secrets.key", fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(FindHostKeys(state.path()).error().code, ErrorCode::kInvalid);
  state.Write("secrets.key", bytes.substr(0, bytes.size() - 1));
  fs::permissions(state / "secrets.key", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(FindHostKeys(state.path()).error().code, ErrorCode::kInvalid);
}

TEST(Fingerprint, DependsOnKeyAndSecret) {
  EXPECT_EQ(FingerprintOf("key", "secret").size(), 16u);
  EXPECT_EQ(FingerprintOf("key", "secret"), FingerprintOf("key", "secret"));
  EXPECT_NE(FingerprintOf("key", "secret"), FingerprintOf("yek", "secret"));
  EXPECT_NE(FingerprintOf("key", "secret"), FingerprintOf("key", "secre"));
}

}  // namespace
}  // namespace postern::screening
