#include <gtest/gtest.h>

#include "shared/rest/client.h"

namespace postern::rest {
namespace {

TEST(Url, IsAHostAndAPort) {
  EXPECT_EQ(Url::Parse("https://keep.example:4790")->ToString(), "https://keep.example:4790");
  EXPECT_EQ(Url::Parse("https://keep.example/")->ToString(), "https://keep.example:443");
  EXPECT_EQ(Url::Parse("https://[::1]:4790")->host, "::1");
  EXPECT_EQ(Url::Parse("https://[::1]:4790")->ToString(), "https://[::1]:4790");
  EXPECT_EQ(Url::Parse("https://127.0.0.1:1")->port, 1);
}

TEST(Url, AnythingElseIsRefused) {
  for (const std::string_view text :
       {"", "keep", "http://keep", "https://", "https://:4790", "https://keep:", "https://keep:0",
        "https://keep:65536", "https://keep:12x", "https://keep/path", "https://user@keep", "https://ke ep",
        "https://[::1", "https://[]:1", "https://keep:1:2", "https://keep?x"})
    EXPECT_FALSE(Url::Parse(text)) << text;
}

}  // namespace
}  // namespace postern::rest
