#include "agent/commands/key.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/commands/program.h"
#include "agent/identity/identify.h"
#include "shared/tokens/token.h"
#include "tests/agent/identity/temporary_directory.h"

namespace postern::commands {
namespace {

using identity::Content;
using identity::KeyTable;
using ::testing::HasSubstr;
using ::testing::Not;

class KeyCommand : public ::testing::Test {
 protected:
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--file", file_.string()});
    return RunAsIs(arguments);
  }
  int RunAsIs(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"key"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::istringstream in;
    std::ostringstream out, err;
    const int code = command_line::Run(AgentProgram(), words, in, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  KeyTable Table() { return *KeyTable::Load(file_); }

  const identity::TemporaryDirectory directory_;
  const std::filesystem::path file_ = directory_ / "keys.yaml";
  std::string out_;
  std::string err_;
};

TEST_F(KeyCommand, CreatesAKeyThatIdentifies) {
  ASSERT_EQ(Run({"create", "--user", "alice", "--team", "platform", "--label", "her \"laptop\""}), 0) << err_;
  ASSERT_EQ(out_.size(), tokens::kSize + 1);
  const std::string key = out_.substr(0, tokens::kSize);
  const KeyTable table = Table();
  const auto result =
      identity::Identify({identity::Mode::kKey, table, {}, "here"}, {key, {}, {}}, {}, WallNow());
  ASSERT_TRUE(std::holds_alternative<identity::Identity>(result));
  EXPECT_EQ(std::get<identity::Identity>(result).principal, (identity::Principal{"alice", "platform", ""}));
  EXPECT_EQ(table.records()[0].label, "her \"laptop\"");
}

TEST_F(KeyCommand, ShowsAndKeepsTheSecretNowhereElse) {
  ASSERT_EQ(Run({"create", "--user", "alice"}), 0);
  const std::string secret(
      tokens::Parse(tokens::Kind::kVirtualKey, std::string_view(out_).substr(0, tokens::kSize)).secret);
  ASSERT_EQ(secret.size(), tokens::kSecretSize);
  EXPECT_THAT(err_, Not(HasSubstr(secret)));
  EXPECT_THAT(Content(file_), Not(HasSubstr(secret)));
  ASSERT_EQ(Run({"list"}), 0);
  EXPECT_THAT(out_, Not(HasSubstr(secret)));
}

TEST_F(KeyCommand, PrintsJsonForPrograms) {
  ASSERT_EQ(Run({"create", "--json", "--user", "a\"b", "--expires", "2999-01-01", "--host", "h1,h2"}), 0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("{\"key\":\"pst_"));
  EXPECT_THAT(out_, HasSubstr("\"user\":\"a\\\"b\""));
  EXPECT_THAT(out_, HasSubstr("\"expires\":\"2999-01-01T00:00:00Z\""));
  EXPECT_THAT(out_, HasSubstr("\"hosts\":[\"h1\",\"h2\"]"));
  EXPECT_EQ(err_, "");
  ASSERT_EQ(Run({"list", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"state\":\"active\""));
  EXPECT_THAT(out_, Not(HasSubstr("\"key\"")));
}

TEST_F(KeyCommand, ReadsExpiryAsATimeOrFromNowOn) {
  for (const char* good : {"2999-01-31", "2999-01-31T12:00:00Z", "90d", "12h"}) {
    EXPECT_EQ(Run({"create", "--user", "a", "--expires", good}), 0) << good;
  }
  for (const char* wrong : {"", "soon", "2001-01-01", "0d", "-1d", "5", "5w", "99999999d", "d"}) {
    EXPECT_EQ(Run({"create", "--user", "a", "--expires", wrong}), 2) << wrong;
  }
  EXPECT_EQ(Table().records().size(), 4u);
}

TEST_F(KeyCommand, SwitchesKeysOffAndOn) {
  ASSERT_EQ(Run({"create", "--user", "a"}), 0);
  const std::string id = Table().records()[0].id.value;
  EXPECT_EQ(Run({"disable", id}), 0);
  EXPECT_TRUE(Table().records()[0].disabled);
  ASSERT_EQ(Run({"list"}), 0);
  EXPECT_THAT(out_, HasSubstr(id + "  disabled"));
  EXPECT_EQ(Run({"enable", id}), 0);
  EXPECT_FALSE(Table().records()[0].disabled);
  EXPECT_EQ(Run({"disable", "000000000000"}), 1);
}

TEST_F(KeyCommand, NeverRepeatsAKeyThatWasPastedForItsId) {
  ASSERT_EQ(Run({"create", "--user", "a"}), 0);
  const std::string key = out_.substr(0, tokens::kSize);
  EXPECT_EQ(Run({"disable", key}), 2);
  EXPECT_THAT(err_ + out_, Not(HasSubstr(key)));
}

TEST_F(KeyCommand, FindsTheFileThroughTheConfiguration) {
  identity::Write(directory_ / "agent.yaml", "keys: here.yaml\n");
  EXPECT_EQ(RunAsIs({"create", "--user", "a", "--config", (directory_ / "agent.yaml").string()}), 0) << err_;
  EXPECT_TRUE(std::filesystem::exists(directory_ / "here.yaml"));
  EXPECT_EQ(RunAsIs({"list", "--config", (directory_ / "nothing.yaml").string()}), 2);
}

TEST_F(KeyCommand, ExplainsItself) {
  EXPECT_EQ(RunAsIs({"--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("Makes a key and prints it, once"));
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"crate"},
                                             {"create"},
                                             {"create", "--usr", "a"},
                                             {"create", "extra", "--user", "a"},
                                             {"disable"},
                                             {"list", "--json=1"},
                                             {"create", "--user", "a\nb"},
                                             {"create", "--user", ""}}) {
    EXPECT_EQ(Run(wrong), 2) << ::testing::PrintToString(wrong);
    EXPECT_NE(err_, "");
  }
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(KeyCommand, ReportsAFileThatCannotBeReadOrWritten) {
  EXPECT_EQ(Run({"list"}), 1);
  identity::Write(file_, "- wrong\n");
  EXPECT_EQ(Run({"list"}), 2);
  EXPECT_THAT(err_, HasSubstr("keys.yaml:1"));
  EXPECT_EQ(RunAsIs({"create", "--user", "a", "--file", (directory_ / "none/keys.yaml").string()}), 1);
}

}  // namespace
}  // namespace postern::commands
