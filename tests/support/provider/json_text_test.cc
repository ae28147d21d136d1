#include "tests/support/provider/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace postern::provider {
namespace {

using Json = nlohmann::json;

// Takes out what SpellOddly adds.
Json WithoutAdditions(Json json) {
  if (json.is_object()) {
    for (const char* added : {"odd", "", "\U0001F600"}) json.erase(added);
  }
  if (json.is_structured()) {
    for (Json& inner : json) inner = WithoutAdditions(std::move(inner));
  }
  return json;
}

TEST(Quote, EveryCharacterComesBackFromAParser) {
  std::string text = "plain ä \U0001F600";
  for (char c = 0; c >= 0; ++c) {
    text += c;
    if (c == 127) break;
  }
  EXPECT_EQ(Json::parse(Quote(text)).get<std::string>(), text);
  EXPECT_EQ(Quote(""), "\"\"");
  EXPECT_EQ(Quote("é\n\x01"), "\"é\\n\\u0001\"");
}

TEST(SpellOddly, IsTheSameDocumentToAParser) {
  const std::string json =
      R"({"a":[1,2.5,{"b":"x/\"y\"\u00e9","c":{}}],"d":null,"e":"ä \ud83d\ude00","f":[],"g":{"h":true}})";
  size_t different = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    for (const Lines lines : {Lines::kOne, Lines::kMany}) {
      const std::string spelled = SpellOddly(json, seed, lines);
      const Json parsed = Json::parse(spelled, nullptr, false);
      ASSERT_FALSE(parsed.is_discarded()) << spelled;
      EXPECT_EQ(WithoutAdditions(parsed), Json::parse(json)) << spelled;
      if (lines == Lines::kOne) {
        EXPECT_EQ(spelled.find_first_of("\r\n"), std::string::npos);
      }
      if (spelled != json) ++different;
    }
    EXPECT_EQ(SpellOddly(json, seed, Lines::kMany), SpellOddly(json, seed, Lines::kMany));
  }
  EXPECT_GT(different, 590U);
}

}  // namespace
}  // namespace postern::provider
