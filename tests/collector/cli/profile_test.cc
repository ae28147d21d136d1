#include "collector/cli/profile.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/crypto/random.h"
#include "shared/tokens/token.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProfileOf : public ::testing::Test {
 protected:
  Environment Env() const {
    return [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  const support::TemporaryDirectory home_;
  const std::string token_ = tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes);
  std::map<std::string, std::string> variables_{{"HOME", home_.path()}};
};

TEST_F(ProfileOf, APersonIsKeptForTheirEyesAlone) {
  ASSERT_TRUE(SaveProfile(Env(), {"https://keep:4790", "3f", "", token_}));
  struct stat status{};
  ASSERT_EQ(stat((home_ / ".config/postern/profile.yaml").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((home_ / ".config/postern").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  const auto profile = LoadProfile(Env());
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->url, "https://keep:4790");
  EXPECT_EQ(profile->fingerprint, "3f");
  EXPECT_EQ(profile->authority, "");
  EXPECT_EQ(profile->token, token_);
}

TEST_F(ProfileOf, APersonWithAnOddPathIsReadAsItWasWritten) {
  ASSERT_TRUE(SaveProfile(Env(), {"https://keep:4790", "", "/a \"b\"\\c.pem", token_}));
  EXPECT_EQ(LoadProfile(Env())->authority, "/a \"b\"\\c.pem");
}

TEST_F(ProfileOf, NobodySaysWhatToDo) {
  const auto profile = LoadProfile(Env());
  EXPECT_EQ(profile.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(profile.error().message, HasSubstr("postern login"));
  variables_.clear();
  EXPECT_EQ(LoadProfile(Env()).error().code, ErrorCode::kInvalid);
}

TEST_F(ProfileOf, APersonThatOthersCanReadIsRefused) {
  ASSERT_TRUE(SaveProfile(Env(), {"https://keep:4790", "3f", "", token_}));
  chmod((home_ / ".config/postern/profile.yaml").c_str(), 0644);
  const auto profile = LoadProfile(Env());
  EXPECT_EQ(profile.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(profile.error().message, HasSubstr("chmod 600"));
}

TEST_F(ProfileOf, AScriptComesFromTheEnvironment) {
  ASSERT_TRUE(SaveProfile(Env(), {"https://elsewhere:4790", "", "", token_}));
  const std::string other = tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes);
  variables_["POSTERN_URL"] = "https://keep:1";
  EXPECT_THAT(LoadProfile(Env()).error().message, HasSubstr("POSTERN_TOKEN_FILE"));
  variables_["POSTERN_TOKEN_FILE"] = home_.Write("token", other + "\n");
  variables_["POSTERN_FINGERPRINT"] = "3f";
  variables_["POSTERN_CA_FILE"] = "/ca.pem";
  const auto profile = LoadProfile(Env());
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->url, "https://keep:1");
  EXPECT_EQ(profile->token, other);
  EXPECT_EQ(profile->fingerprint, "3f");
  EXPECT_EQ(profile->authority, "/ca.pem");
}

TEST(TokenIn, DropsWhiteSpaceAndNeverShowsWhatIsWrong) {
  const std::string token = tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes);
  EXPECT_EQ(*TokenIn(" " + token + "\r\n"), token);
  std::string mistyped = token;
  mistyped[30] = mistyped[30] == 'a' ? 'b' : 'a';
  EXPECT_THAT(TokenIn(mistyped).error().message, HasSubstr("mistyped"));
  for (const std::string& wrong : {std::string(), std::string("topsecret"), token.substr(1)}) {
    const auto read = TokenIn(wrong);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, Not(HasSubstr("topsecret")));
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace postern::cli
