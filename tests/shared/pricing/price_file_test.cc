#include "shared/pricing/price_file.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::pricing {
namespace {

Result<PriceTable> Load(const std::string& text) {
  const auto node = config::Parse(text, "models.yaml");
  if (!node) return node.error();
  return LoadPriceTable(*node);
}

std::string Wrong(const std::string& text) {
  const auto table = Load(text);
  if (table) return "";
  EXPECT_EQ(table.error().code, ErrorCode::kInvalid);
  return table.error().message;
}

const std::string kRates = "{input: 1, output: 5, write_5m: 1.25, write_1h: 2, read: 0.1}";

TEST(PriceFile, ReadsTheLeastThatAFileMayHold) {
  const auto table = Load("web_search: 10\nmodels:\n  m:\n    prices: [" + kRates + "]\n");
  ASSERT_TRUE(table) << table.error().message;
  Usage usage;
  usage.input = usage.output = usage.cache_write_5m = usage.cache_write_1h = usage.cache_read =
      usage.web_searches = 1;
  EXPECT_EQ(table->Price("m", usage, WallTime())->nano_dollars,
            Amount(1000 + 5000 + 1250 + 2000 + 100 + 10'000'000));
}

TEST(PriceFile, ErrorsNameTheirPlace) {
  const auto starts = [](const std::string& text, const std::string& place) {
    EXPECT_TRUE(Wrong(text).starts_with(place)) << Wrong(text);
  };
  starts("models: {}\n", "models.yaml");
  starts("web_search: 10\nmodels:\n  m:\n    prices:\n      - {input: 1}\n", "models.yaml:5: ");
  starts(
      "web_search: 10\nmodels:\n  m:\n    prices:\n      - {input: 0.0001, output: 5, write_5m: 1, write_1h: "
      "2, read: 0}\n",
      "models.yaml:5: ");
  starts(
      "web_search: 10\nmodels:\n  m:\n    prices:\n      - {input: -1, output: 5, write_5m: 1, write_1h: 2, "
      "read: 0}\n",
      "models.yaml:5: ");
  starts("web_search: 10\nmodels:\n  m:\n    prices: []\n", "models.yaml:4: ");
  starts(
      "web_search: 10\nmodels:\n  m:\n    prices:\n      - {from: 2026-13-01, input: 1, output: 5, write_5m: "
      "1, write_1h: 2, read: 0}\n",
      "models.yaml:5: ");
  starts("web_search: 10\nmodels:\n  m:\n    prize: []\n", "models.yaml:4: ");
  starts("web_search: 10\nmultipliers: {regional: 1000}\nmodels:\n  m:\n    prices: [" + kRates + "]\n",
         "models.yaml:2: ");
}

TEST(PriceFile, EntriesMustComeInOrderOfTheirDates) {
  const auto file = [](const std::string& first, const std::string& second) {
    const std::string rates = "input: 1, output: 5, write_5m: 1.25, write_1h: 2, read: 0.1}\n";
    return "web_search: 10\nmodels:\n  m:\n    prices:\n      - {" + first + rates + "      - {" + second +
           rates;
  };
  EXPECT_EQ(Wrong(file("", "from: 2026-01-01, ")), "");
  EXPECT_NE(Wrong(file("from: 2026-01-02, ", "from: 2026-01-01, ")), "");
  EXPECT_NE(Wrong(file("from: 2026-01-01, ", "from: 2026-01-01, ")), "");
  EXPECT_NE(Wrong(file("from: 2026-01-01, ", "")), "");
}

TEST(PriceFile, BandsMustRiseAndTheLastIsOpen) {
  const auto file = [](const std::string& first, const std::string& second) {
    const std::string rates = "input: 1, output: 5, write_5m: 1.25, write_1h: 2, read: 0.1}\n";
    return "web_search: 10\nmodels:\n  m:\n    prices:\n      - bands:\n        - {" + first + rates +
           "        - {" + second + rates;
  };
  EXPECT_EQ(Wrong(file("up_to: 100, ", "")), "");
  EXPECT_NE(Wrong(file("", "")), "");
  EXPECT_NE(Wrong(file("up_to: 100, ", "up_to: 200, ")), "");
  EXPECT_NE(Wrong(file("up_to: 0, ", "")), "");
}

TEST(PriceFile, ANameThatIsGivenTwiceIsRefused) {
  EXPECT_NE(Wrong("web_search: 10\nmodels:\n  a:\n    aliases: [b]\n    prices: [" + kRates +
                  "]\n  b:\n    prices: [" + kRates + "]\n"),
            "");
}

TEST(PriceFile, AModelMayCostWhatAnotherDoesAndIsNoAliasOfIt) {
  const auto table =
      Load("web_search: 10\nmodels:\n  b:\n    aliases: [b-1]\n    prices_of: a\n  a:\n    prices: [" +
           kRates + "]\n");
  ASSERT_TRUE(table) << table.error().message;
  Usage usage;
  usage.output = 7;
  const auto own = table->Price("a", usage, WallTime());
  const auto borrowed = table->Price("b-1", usage, WallTime());
  ASSERT_TRUE(own && borrowed);
  EXPECT_EQ(borrowed->nano_dollars, own->nano_dollars);
  EXPECT_EQ(borrowed->model, "b");
  ASSERT_EQ(table->models().size(), 2u);
  EXPECT_TRUE(table->models()[1].aliases.empty());
}

TEST(PriceFile, PricesAreThoseOfAModelThatHasItsOwn) {
  const std::string begin =
      "web_search: 10\nmodels:\n  a:\n    prices: [" + kRates + "]\n  b:\n    prices_of: ";
  EXPECT_EQ(Wrong(begin + "a\n"), "");
  EXPECT_TRUE(Wrong(begin + "c\n").starts_with("models.yaml:6: ")) << Wrong(begin + "c\n");
  EXPECT_NE(Wrong(begin + "b\n"), "");
  EXPECT_NE(Wrong(begin + "a\n  c:\n    prices_of: b\n"), "");
  EXPECT_NE(Wrong(begin + "a\n    prices: [" + kRates + "]\n"), "");
}

TEST(PriceFile, ADefaultIsReadLikeAModel) {
  const auto table = Load("web_search: 10\nmodels: {}\ndefault:\n  prices: [" + kRates + "]\n");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->Price("anything", {}, WallTime())->model, "default");
}

}  // namespace
}  // namespace postern::pricing
