// The README's example, replayed from the page itself.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"
#include "tests/support/paths.h"

namespace postern::policy {
namespace {

std::string Page() {
  std::ostringstream page;
  page << std::ifstream(support::InSource("shared/policy/README.md")).rdbuf();
  return page.str();
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  return text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
}

TEST(Readme, ItsExampleIsTrue) {
  const std::string page = Page();
  const auto zones = [](const std::string&) -> Result<std::string> { return BerlinFile(); };
  const auto file = ReadPolicy(Between(page, "```yaml\n", "```"), "policy.yaml", zones, kNoon);
  ASSERT_TRUE(file) << file.error().message;
  const auto policy = Compiled::Compile(file->policy, SmallCatalogue());
  ASSERT_TRUE(policy) << policy.error().message;
  std::istringstream table(Between(page, "|---|---|---|---|\n", "\n\n"));
  std::string line, sentence;
  int rows = 0;
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    std::string bar, team, model, verdict, about, rule;
    cells >> bar >> team >> bar >> model >> bar >> verdict;
    if (verdict == "refused:") cells >> about;
    cells >> bar >> rule;
    Facts facts;
    facts.time = kNoon;
    facts.team = team == "–" ? "" : std::string_view(team);
    facts.model = model;
    const Verdict judged = policy->Judge(facts);
    EXPECT_EQ(judged.allowed(), verdict == "allowed") << line;
    EXPECT_EQ(judged.rule, rule) << line;
    EXPECT_EQ(about, judged.allowed() ? "" : Name(judged.aspect)) << line;
    sentence = judged.sentence;
    ++rows;
  }
  EXPECT_EQ(rows, 7);
  EXPECT_NE(page.find("The last one reads: \"" + sentence + "\""), std::string::npos) << sentence;
}

}  // namespace
}  // namespace postern::policy
