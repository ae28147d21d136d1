#include "shared/rest/target.h"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using Segments = std::vector<std::string>;

TEST(Target, APathIsItsSegmentsDecoded) {
  EXPECT_EQ(ParseTarget("/v1/users/a%2Fb%40c")->segments, (Segments{"v1", "users", "a/b@c"}));
  EXPECT_EQ(ParseTarget("/v1/users/a%2Fb")->path, "/v1/users/a%2Fb");
  EXPECT_EQ(ParseTarget("/")->segments, Segments{});
  EXPECT_EQ(ParseTarget("/a/")->segments, (Segments{"a", ""}));
  EXPECT_EQ(ParseTarget("//a")->segments, (Segments{"", "a"}));
  EXPECT_EQ(ParseTarget("/a+b/../c")->segments, (Segments{"a+b", "..", "c"}));
}

TEST(Target, AQueryIsDecodedAndMayNameAThingTwice) {
  const Target target = *ParseTarget("/e?user=a%40b&kind=intent&kind=outcome&empty=&bare&&q=x+y%2B=z");
  EXPECT_EQ(target.query.find("user")->second, "a@b");
  EXPECT_EQ(target.query.count("kind"), 2u);
  EXPECT_EQ(target.query.find("empty")->second, "");
  EXPECT_EQ(target.query.find("bare")->second, "");
  EXPECT_EQ(target.query.find("q")->second, "x y+=z");
  EXPECT_EQ(target.query.size(), 6u);
  EXPECT_TRUE(ParseTarget("/e?")->query.empty());
}

TEST(Target, WhatIsOddIsRefused) {
  std::string many = "/e?";
  for (int i = 0; i < 65; ++i) many += "a&";
  for (const std::string& text : {std::string(""), std::string("https://host/a"), std::string("*"),
                                  std::string("/a%2"), std::string("/a%zz"), std::string("/a%00"),
                                  std::string("/a%0ab"), std::string("/a?b=%7f"), many, std::string(66, '/')})
    EXPECT_FALSE(ParseTarget(text)) << text;
}

}  // namespace
}  // namespace postern::rest
