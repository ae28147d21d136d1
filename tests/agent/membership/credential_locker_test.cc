#include "agent/membership/credential_locker.h"

#include <gtest/gtest.h>

#include "tests/agent/membership/enrolled.h"

namespace postern::membership {
namespace {

constexpr int64_t kNowSeconds = 1'800'000'000;
constexpr WallTime kNow{std::chrono::seconds(kNowSeconds)};
constexpr int64_t kLater = kNowSeconds + 3600;

class CredentialLockerTest : public testing::Test {
 protected:
  Status Take(const std::string& value, const wire::SealedCredential& what) {
    return locker_.Take(Seal(enrolment_, 42, value, what), enrolment_, 42, kNow);
  }

  std::string Line(const std::vector<std::string>& names, std::string_view provider = "anthropic",
                   WallTime now = kNow) {
    const auto line = locker_.Find(names, provider, now);
    return line == nullptr ? "" : std::string(line->view());
  }

  const Enrolment enrolment_ = MakeEnrolment();
  CredentialLocker locker_;
};

TEST_F(CredentialLockerTest, ACredentialBecomesItsHeaderLine) {
  ASSERT_TRUE(Take("value-one", Describe("main", 1, kLater)));
  ASSERT_TRUE(Take("value-two", Describe("other", 1, kLater, "anthropic", "authorization")));
  EXPECT_EQ(Line({"main"}), "x-api-key: value-one\r\n");
  EXPECT_EQ(Line({"other"}), "authorization: Bearer value-two\r\n");
}

TEST_F(CredentialLockerTest, TheFirstThatFitsTheProviderIsUsed) {
  ASSERT_TRUE(Take("value-one", Describe("cloud", 1, kLater, "bedrock")));
  ASSERT_TRUE(Take("value-two", Describe("main", 1, kLater)));
  EXPECT_EQ(Line({"absent", "cloud", "main"}), "x-api-key: value-two\r\n");
  EXPECT_EQ(Line({"absent", "cloud", "main"}, "bedrock"), "x-api-key: value-one\r\n");
  EXPECT_EQ(Line({}), "");
}

TEST_F(CredentialLockerTest, AnExpiredOneIsNotUsedAndNotTaken) {
  ASSERT_TRUE(Take("value-one", Describe("main", 1, kLater)));
  EXPECT_EQ(Line({"main"}, "anthropic", kNow + std::chrono::seconds(3600)), "");
  EXPECT_EQ(Take("value-one", Describe("main", 2, kNowSeconds)).error().code, ErrorCode::kDenied);
}

TEST_F(CredentialLockerTest, ABoxForAnotherIncarnationOrAgentDoesNotOpen) {
  const auto box = Seal(enrolment_, 41, "value-one", Describe("main", 1, kLater));
  EXPECT_EQ(locker_.Take(box, enrolment_, 42, kNow).error().code, ErrorCode::kDenied);
  const auto others = Seal(MakeEnrolment("agent0000002"), 42, "value-one", Describe("main", 1, kLater));
  EXPECT_EQ(locker_.Take(others, enrolment_, 42, kNow).error().code, ErrorCode::kDenied);
  EXPECT_EQ(locker_.size(), 0u);
}

TEST_F(CredentialLockerTest, ARotatedOneReplacesAndARemovedOneIsForgotten) {
  ASSERT_TRUE(Take("value-one", Describe("main", 1, kLater)));
  const auto held = locker_.Find({"main"}, "anthropic", kNow);
  ASSERT_TRUE(Take("value-two", Describe("main", 2, kLater)));
  EXPECT_EQ(Line({"main"}), "x-api-key: value-two\r\n");
  EXPECT_EQ(held->view(), "x-api-key: value-one\r\n");  // whoever is sending it still can
  EXPECT_FALSE(Take("value-one", Describe("main", 1, kLater)));
  wire::SealedCredential removed = Describe("main", 2, kLater);
  removed.set_removed(true);
  ASSERT_TRUE(locker_.Take(removed, enrolment_, 42, kNow));
  EXPECT_EQ(Line({"main"}), "");
}

TEST_F(CredentialLockerTest, NothingThatCouldEndAHeaderLineIsTaken) {
  EXPECT_EQ(Take("value\r\nx-other: 1", Describe("main", 1, kLater)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Line({"main"}), "");
}

TEST_F(CredentialLockerTest, HoldsSoManyAndNoMore) {
  for (size_t i = 0; i < CredentialLocker::kMost; ++i)
    ASSERT_TRUE(Take("value", Describe("name" + std::to_string(i), 1, kLater)));
  EXPECT_EQ(Take("value", Describe("another", 1, kLater)).error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(Take("value", Describe("name0", 2, kLater)));
}

}  // namespace
}  // namespace postern::membership
