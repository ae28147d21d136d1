#include "agent/identity/provider_credential.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
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

}  // namespace
}  // namespace postern::identity
