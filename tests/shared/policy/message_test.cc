#include "shared/policy/message.h"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TEST(Message, IsASentenceBehindAnother) {
  EXPECT_EQ(BehindSentence("ask #ai-platform"), " Ask #ai-platform.");
  EXPECT_EQ(BehindSentence("Why? Ask!"), " Why? Ask!");
  EXPECT_EQ(BehindSentence("#ai-platform knows"), " #ai-platform knows.");
  EXPECT_EQ(BehindSentence(""), "");
}

}  // namespace
}  // namespace postern::policy
