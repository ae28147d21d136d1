#include "agent/membership/enrolment.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/agent/membership/enrolled.h"
#include "tests/support/temporary_directory.h"

namespace postern::membership {
namespace {

std::string Text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Enrolment, IsReadAsItWasWritten) {
  const support::TemporaryDirectory directory;
  EXPECT_FALSE(LoadEnrolment(directory.path())->has_value());
  const Enrolment written = MakeEnrolment();
  ASSERT_TRUE(SaveEnrolment(directory.path(), written));
  auto read = LoadEnrolment(directory.path());
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->agent, written.agent);
  EXPECT_EQ((*read)->collector, written.collector);
  EXPECT_EQ((*read)->url, written.url);
  EXPECT_EQ((*read)->fingerprint, written.fingerprint);
  EXPECT_EQ((*read)->bus, written.bus);
  EXPECT_EQ((*read)->server_key, written.server_key);
  EXPECT_EQ((*read)->log_key, written.log_key);
  EXPECT_EQ((*read)->conversation_key.view(), written.conversation_key.view());
  EXPECT_EQ((*read)->sealing_key.public_key(), written.sealing_key.public_key());
}

TEST(Enrolment, IsForItsOwnerAlone) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(SaveEnrolment(directory.path(), MakeEnrolment()));
  struct stat status{};
  ASSERT_EQ(stat(EnrolmentFile(directory.path()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  ASSERT_EQ(chmod(EnrolmentFile(directory.path()).c_str(), 0644), 0);
  EXPECT_EQ(LoadEnrolment(directory.path()).error().code, ErrorCode::kInvalid);
}

TEST(Enrolment, ANewOneReplacesTheOld) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(SaveEnrolment(directory.path(), MakeEnrolment("agent0000001")));
  ASSERT_TRUE(SaveEnrolment(directory.path(), MakeEnrolment("agent0000002")));
  EXPECT_EQ((**LoadEnrolment(directory.path())).agent, "agent0000002");
}

TEST(Enrolment, WhatIsMissingOrWrongIsNamedAndSecretsAreNotShown) {
  const support::TemporaryDirectory directory;
  ASSERT_TRUE(SaveEnrolment(directory.path(), MakeEnrolment()));
  const std::filesystem::path path = EnrolmentFile(directory.path());
  const std::string whole = Text(path);
  const std::vector<std::string> names = {"agent",      "bus", "server_key", "log_key", "conversation_key",
                                          "sealing_key"};
  for (const std::string& name : names) {
    std::string text = whole;
    const size_t at = text.find("\n" + name + ":") + 1;
    text.erase(at, text.find('\n', at) - at);
    std::ofstream(path) << text;
    const auto read = LoadEnrolment(directory.path());
    ASSERT_FALSE(read) << name;
    EXPECT_NE(read.error().message.find(name), std::string::npos) << read.error().message;
  }
  std::string text = whole;
  const size_t at = text.find("sealing_key: \"") + 14;
  const std::string secret = text.substr(at, 60);
  text.erase(at + 60, 1);
  std::ofstream(path) << text;
  const auto read = LoadEnrolment(directory.path());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message.find(secret), std::string::npos);
}

}  // namespace
}  // namespace postern::membership
