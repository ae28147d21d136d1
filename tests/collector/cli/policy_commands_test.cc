// `postern policy …`, `freeze` and `thaw` against the real collector, and what works without one.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/paths.h"
#include "tests/support/running_collector.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

using support::Finished;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Text(const std::string& more = "") {
  return "organisation:\n  name: Example\n  models: {allow: [\"*\"]}\n" + more;
}

class PolicyCommands : public ::testing::Test {
 protected:
  void StartCollector(const std::string& extra = "") {
    auto started = support::RunningCollector::Start("organisation: Example\n" + extra);
    ASSERT_TRUE(started) << started.error().message;
    collector = *std::move(started);
  }
  std::string Good(std::vector<std::string> words) { return Ended(0, std::move(words)).output; }
  Finished Ended(int code, std::vector<std::string> words) {
    const std::string line = ::testing::PrintToString(words);
    Finished finished = collector->Postern(std::move(words));
    EXPECT_EQ(finished.ending.code, code) << line << finished.output << finished.errors;
    return finished;
  }
  // Where nobody has logged in.
  Finished Alone(std::vector<std::string> words) {
    words.insert(words.begin(), support::InBuild("bin/postern"));
    auto finished = support::RunProcess(
        {.argv = std::move(words), .variables = {{"HOME", files.path()}, {"XDG_CONFIG_HOME", files.path()}}});
    EXPECT_TRUE(finished);
    return *std::move(finished);
  }

  support::TemporaryDirectory files;
  std::unique_ptr<support::RunningCollector> collector;
};

TEST_F(PolicyCommands, FromCheckToRollback) {
  StartCollector();
  Good({"team", "create", "ml"});
  Good({"user", "create", "eve@example.com", "--team", "ml"});
  Good({"user", "create", "bob@example.com"});
  const std::string key = Good({"key", "create", "--user", "eve@example.com"}).substr(4, 12);
  EXPECT_THAT(Good({"policy", "show"}), StartsWith("# postern policy: version 1\n"));

  const std::string file = files.Write(
      "rules.yaml", Text("teams:\n  ml:\n    models: {deny: [claude-opus-*]}\n    secrets: [{rules: "
                         "[aws-*], action: block}]\n"));
  EXPECT_THAT(Good({"policy", "check", file}), HasSubstr("rules.yaml is a policy."));
  EXPECT_THAT(Good({"policy", "diff", file}), HasSubstr("team ml"));
  EXPECT_THAT(Good({"policy", "apply", file}), HasSubstr("Version 2 is in force."));
  EXPECT_THAT(Good({"policy", "apply", file}), HasSubstr("in force already"));

  const std::string why = Good({"policy", "explain", "--key", key, "--model", "claude-opus-5-5"});
  EXPECT_THAT(why, StartsWith("refused: model, by teams.ml.models.deny[0] (version 2)"));
  EXPECT_THAT(why, HasSubstr("team ml"));
  EXPECT_THAT(why, HasSubstr("secrets: redact; originals go back into no tool"));
  EXPECT_THAT(Good({"policy", "explain", "--key", key, "--secret-rule", "aws-access-token"}),
              HasSubstr("secrets: block, by teams.ml.secrets[0] (team ml)"));
  EXPECT_THAT(Good({"policy", "explain", "--key", key, "--model", "claude-opus-5-5", "--version", "1"}),
              StartsWith("allowed"));

  const std::string history = Good({"policy", "history"});
  EXPECT_THAT(history, HasSubstr("VERSION"));
  EXPECT_THAT(history, ::testing::ContainsRegex("first +applied"));
  EXPECT_THAT(history, HasSubstr("made at the first start"));
  EXPECT_THAT(Good({"policy", "rollback", "1"}), HasSubstr("Version 3 is in force."));
  EXPECT_THAT(Good({"policy", "history"}), HasSubstr("rolled back to 1"));
  EXPECT_THAT(Good({"policy", "show", "2"}), HasSubstr("claude-opus-*"));
  EXPECT_THAT(Good({"policy", "show", "--json"}), HasSubstr("\"next\":4"));
  EXPECT_THAT(Good({"audit", "query", "--kind", "administration"}),
              HasSubstr("policy.rollback 3 done rolled back to 1"));

  ASSERT_EQ(collector->Stop().code, 0);  // all of it is still there
  ASSERT_TRUE(collector->Run());
  EXPECT_THAT(Good({"policy", "show"}), StartsWith("# postern policy: version 3\n"));
}

TEST_F(PolicyCommands, WhatIsWrongIsNamedWithFileLineAndWhatWasMeant) {
  StartCollector();
  const std::string file = files.Write("rules.yaml", "organisation:\n  name: Example\n  modles: {}\n");
  const Finished check = Ended(1, {"policy", "check", file});
  EXPECT_THAT(check.output, StartsWith(file + ":3: "));
  EXPECT_THAT(check.output, HasSubstr("did you mean \"models\"?"));
  const Finished apply = Ended(1, {"policy", "apply", file});
  EXPECT_THAT(apply.errors, HasSubstr(file + ":3: "));
  EXPECT_EQ(apply.output, "");
  EXPECT_THAT(Ended(1, {"policy", "apply", file, "--json"}).output, HasSubstr("\"outcome\":\"wrong\""));
  Ended(2, {"policy", "apply", files / "nothing.yaml"});
  Ended(2, {"policy", "show", "first"});
  Ended(1, {"policy", "show", "77"});
  EXPECT_THAT(Good({"policy", "show"}), StartsWith("# postern policy: version 1\n"));
}

TEST_F(PolicyCommands, LockingEverybodyOutNeedsForce) {
  StartCollector();
  Good({"user", "create", "eve@example.com"});
  Good({"key", "create", "--user", "eve@example.com"});
  const std::string file =
      files.Write("rules.yaml", "organisation: {name: Example, models: {deny: [\"*\"]}}\n");
  // Once, where and what; then what came of it.
  EXPECT_EQ(
      Ended(1, {"policy", "apply", file}).errors,
      file +
          ": needs --force: it would lock out every key\nNothing was changed: with --force it would be.\n");
  EXPECT_THAT(Ended(1, {"policy", "check", file}).output, HasSubstr("needs --force"));
  EXPECT_THAT(Good({"policy", "apply", file, "--force"}), HasSubstr("Version 2 is in force."));
}

TEST_F(PolicyCommands, AnOlderBaseIsRefusedWithWhatHasChanged) {
  StartCollector();
  const std::string mine = files.Write("mine.yaml", Good({"policy", "show"}) + "  max_tokens: 32000\n");
  const std::string theirs = files.Write("theirs.yaml", Text("  max_tokens: 16000\n"));
  Good({"policy", "apply", theirs, "--based-on", "1"});
  const Finished stale = Ended(1, {"policy", "apply", mine});
  EXPECT_THAT(stale.errors,
              HasSubstr("the text is a change of version 1, and version 2 by first is in force"));
  EXPECT_THAT(stale.errors, HasSubstr("What has changed since:"));
  EXPECT_THAT(stale.errors, HasSubstr("16000"));
  EXPECT_THAT(Good({"policy", "apply", mine, "--based-on", "2"}), HasSubstr("Version 3 is in force."));
}

TEST_F(PolicyCommands, APolicyIsSignedAwayFromTheCollector) {
  const std::string key = files / "offline.key";
  const Finished made = Alone({"policy", "keygen", key});
  ASSERT_EQ(made.ending.code, 0) << made.errors;
  const std::string public_key = made.output.substr(0, 64);
  struct stat status{};
  ASSERT_EQ(stat(key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(Alone({"policy", "keygen", key}).ending.code, 1);  // never overwritten

  StartCollector("policy: {key: " + public_key + "}\n");
  const std::string file = files.Write("rules.yaml", Text("  max_tokens: 32000\n"));
  EXPECT_THAT(Ended(1, {"policy", "apply", file}).errors, HasSubstr("postern policy sign"));
  const std::string out = files / "rules.signed";
  Good({"policy", "sign", file, "--key", key, "--output", out});
  EXPECT_THAT(Good({"policy", "apply", out}), HasSubstr("Version 2 is in force."));
  EXPECT_THAT(Good({"policy", "history"}), HasSubstr("signed offline"));
  EXPECT_THAT(Ended(1, {"policy", "apply", out}).errors, HasSubstr("the next one is 3"));

  // On a machine that reaches nobody.
  const std::string document = Good({"policy", "show", "--json"});
  const std::string collector_id = document.substr(document.find("\"collector\":\"") + 13, 32);
  const std::string fingerprint_key = document.substr(document.find("\"fingerprint_key\":\"") + 19, 64);
  const std::string other = files.Write("other.yaml", Text("  max_tokens: 16000\n"));
  std::vector<std::string> signing{"policy", "sign",        other,        "--key",    key,  "--version",
                                   "3",      "--collector", collector_id, "--author", "ada"};
  const Finished forgetful = Alone(signing);
  ASSERT_EQ(forgetful.ending.code, 0) << forgetful.errors;
  EXPECT_THAT(Ended(1, {"policy", "apply", files.Write("forgetful", forgetful.output)}).errors,
              HasSubstr("key for fingerprints"));
  signing.insert(signing.end(), {"--fingerprint-key", fingerprint_key});
  const Finished alone = Alone(signing);
  ASSERT_EQ(alone.ending.code, 0) << alone.errors;
  EXPECT_THAT(alone.output, StartsWith("-----BEGIN POSTERN SIGNED POLICY-----\n"));
  std::string tampered = alone.output;
  tampered[200] = tampered[200] == 'A' ? 'B' : 'A';
  Ended(1, {"policy", "apply", files.Write("tampered", tampered)});
  Ended(2, {"policy", "apply", files.Write("cut", alone.output.substr(0, 200))});
  EXPECT_THAT(Good({"policy", "apply", files.Write("good", alone.output)}),
              HasSubstr("Version 3 is in force."));
  EXPECT_EQ(Alone({"policy", "sign", file, "--key", key, "--version", "3"}).ending.code, 2);
}

TEST_F(PolicyCommands, ACheckWithoutACollectorSaysWhatItCouldNotCheck) {
  const std::string good = files.Write("good.yaml", Text());
  const Finished alone = Alone({"policy", "check", good});
  EXPECT_EQ(alone.ending.code, 0) << alone.errors;
  EXPECT_THAT(alone.output, HasSubstr("good.yaml is a policy."));
  EXPECT_THAT(alone.errors, HasSubstr("Not checked: users, teams and keys"));
  const Finished wrong =
      Alone({"policy", "check", files.Write("bad.yaml", "organisation:\n  nam: x\n"), "--json"});
  EXPECT_EQ(wrong.ending.code, 1);
  EXPECT_THAT(wrong.output, HasSubstr("\"line\":2"));
  const Finished models =
      Alone({"policy", "check", files.Write("models.yaml", Text("  context_tokens: 5\nteams: {}\n")),
             "--models", support::InSource("config/models.yaml")});
  EXPECT_THAT(models.errors, Not(HasSubstr("models are not known")));
  EXPECT_EQ(Alone({"policy", "diff", good}).ending.code, 2);  // nobody has logged in
}

TEST_F(PolicyCommands, FreezeAndThaw) {
  StartCollector();
  EXPECT_THAT(Good({"freeze", "--sentence", "A key leaked; ask Ada."}), HasSubstr("A key leaked; ask Ada."));
  EXPECT_THAT(Good({"freeze", "--json"}), HasSubstr("\"frozen\":true"));
  EXPECT_THAT(Good({"thaw", "--json"}), HasSubstr("\"frozen\":false"));
  EXPECT_THAT(Good({"audit", "query", "--kind", "administration"}),
              HasSubstr("first freeze done A key leaked; ask Ada."));
}

TEST_F(PolicyCommands, ACollectorThatIsAwayIsSaidSo) {
  StartCollector();
  const std::string file = files.Write("rules.yaml", Text());
  ASSERT_EQ(collector->Stop().code, 0);
  Ended(3, {"policy", "check", file});
  Ended(3, {"policy", "apply", file});
  Ended(3, {"freeze"});
  EXPECT_THAT(Good({"policy", "check", file, "--offline"}), HasSubstr("is a policy"));
}

}  // namespace
}  // namespace postern::cli
