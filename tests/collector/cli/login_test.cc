#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/crypto/random.h"
#include "shared/tokens/token.h"
#include "tests/support/held_port.h"
#include "tests/support/paths.h"
#include "tests/support/running_collector.h"

namespace postern::cli {
namespace {

using support::Finished;
using ::testing::HasSubstr;
using ::testing::Not;

// Logs in to the real collector, in a home of the test's own.
class Login : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = support::RunningCollector::Start();
    ASSERT_TRUE(started) << started.error().message;
    collector = *std::move(started);
  }
  static void TearDownTestSuite() { collector.reset(); }
  void SetUp() override { ASSERT_TRUE(collector); }

  Finished Postern(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), support::InBuild("bin/postern"));
    return *support::RunProcess({.argv = std::move(words),
                                 .variables = {{"HOME", home_.path()}, {"PATH", "/usr/bin:/bin"}},
                                 .environment = support::Environment::kEmpty,
                                 .input = input});
  }

  const support::TemporaryDirectory home_;
  static std::unique_ptr<support::RunningCollector> collector;
};

std::unique_ptr<support::RunningCollector> Login::collector;

TEST_F(Login, RemembersACollectorThatKnowsTheToken) {
  const Finished in = Postern({"login", collector->url(), "--fingerprint", collector->fingerprint(),
                               "--token-file", collector->token_file()});
  ASSERT_EQ(in.ending.code, 0) << in.errors;
  EXPECT_THAT(in.errors, HasSubstr("Logged in to " + collector->url() + " as first (admin)."));
  struct stat status{};
  ASSERT_EQ(stat((home_ / ".config/postern/profile.yaml").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const Finished who = Postern({"whoami"});
  EXPECT_EQ(who.ending.code, 0) << who.errors;
  EXPECT_THAT(who.output, HasSubstr("first"));
  EXPECT_EQ(Postern({"logout"}).ending.code, 0);
  EXPECT_EQ(Postern({"whoami"}).ending.code, 2);
}

TEST_F(Login, ReadsTheTokenFromStandardInput) {
  const Finished in =
      Postern({"login", collector->url(), "--fingerprint", collector->fingerprint(), "--token-file", "-"},
              collector->token() + "\n");
  EXPECT_EQ(in.ending.code, 0) << in.errors;
  EXPECT_EQ(Postern({"key", "list"}).ending.code, 0);
}

TEST_F(Login, SendsNothingToAnotherCollectorThanThePinnedOne) {
  const Finished in = Postern({"login", collector->url(), "--fingerprint", std::string(64, '0'),
                               "--token-file", collector->token_file()});
  EXPECT_EQ(in.ending.code, 1) << in.errors;
  EXPECT_THAT(in.errors, HasSubstr("fingerprint"));
  EXPECT_EQ(Postern({"whoami"}).ending.code, 2);  // nothing was remembered
}

TEST_F(Login, ShowsTheFingerprintToCompareWhereNoneWasGiven) {
  const Finished in = Postern({"login", collector->url(), "--token-file", collector->token_file()});
  EXPECT_EQ(in.ending.code, 1) << in.errors;
  EXPECT_THAT(in.errors, HasSubstr(collector->fingerprint()));
}

TEST_F(Login, RefusesATokenThatTheCollectorDoesNotKnow) {
  const std::string stranger = tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes);
  const Finished in =
      Postern({"login", collector->url(), "--fingerprint", collector->fingerprint()}, stranger);
  EXPECT_EQ(in.ending.code, 1) << in.errors;
  EXPECT_THAT(in.errors, Not(HasSubstr(stranger)));
  const Finished wrong = Postern({"login", collector->url(), "--fingerprint", collector->fingerprint()}, "x");
  EXPECT_EQ(wrong.ending.code, 2);
}

TEST_F(Login, SaysThatNobodyIsThere) {
  const support::HeldPort nobodys;
  const std::string url = "https://127.0.0.1:" + std::to_string(nobodys.number());
  const Finished in = Postern(
      {"login", url, "--fingerprint", collector->fingerprint(), "--token-file", collector->token_file()});
  EXPECT_EQ(in.ending.code, 3) << in.errors;
  for (const char* wrong : {"http://keep:1", "keep", ""}) {
    EXPECT_EQ(Postern({"login", wrong, "--token-file", collector->token_file()}).ending.code, 2) << wrong;
  }
}

}  // namespace
}  // namespace postern::cli
