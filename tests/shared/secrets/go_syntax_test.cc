#include "shared/secrets/go_syntax.h"

#include <gtest/gtest.h>

#include "shared/secrets/expression.h"

namespace postern::secrets {
namespace {

TEST(GoSyntax, IsWrittenAsRe2TakesIt) {
  EXPECT_EQ(ForRe2("(?<key>a+)=(?P<value>b)"), "(?P<key>a+)=(?P<value>b)");
  EXPECT_EQ(ForRe2("\\pl\\p{latin}\\P{^lu}[\\p{old_italic}]"), "\\pL\\p{Latin}\\P{^Lu}[\\p{Old_Italic}]");
}

TEST(GoSyntax, StaysWhereItSaysSomethingElse) {
  for (const char* regex : {"[(?<]x", "[]](?:a)", "[^](?<]", "[[:alpha:](?<]", "\\(?<", "\\Q(?<\\E", "\\Q(?<",
                            "(?i)a", "[a", "\\"})
    EXPECT_EQ(ForRe2(regex), regex);
}

TEST(GoSyntax, CompilesWithTheGroupsThatGoSees) {
  const auto expression = Expression::Compile("(?<key>\\w+)=(?<value>\\p{latin}+)");
  ASSERT_TRUE(expression);
  EXPECT_EQ(expression->groups(), 2u);
  EXPECT_FALSE(Expression::Compile("(?<=a)b"));
  EXPECT_FALSE(Expression::Compile("a++"));
}

}  // namespace
}  // namespace postern::secrets
