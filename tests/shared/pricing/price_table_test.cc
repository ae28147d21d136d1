#include "shared/pricing/price_table.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace postern::pricing {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
constexpr Rates kCheap{1000, 5000, 1250, 2000, 100};
constexpr Rates kDear{2000, 10000, 2500, 4000, 200};

WallTime Day(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day));
}
const WallTime kNow = Day(2026, 11, 23);

PriceEntry Entry(Rates rates, std::string from = "", WallTime starts = WallTime::min()) {
  PriceEntry entry;
  entry.from = std::move(from);
  entry.starts = starts;
  entry.bands = {{kLargest, rates}};
  return entry;
}

PriceTable Table(std::optional<ModelPrices> fallback = std::nullopt) {
  PriceEntry banded = Entry(kDear);
  banded.bands = {{100, kCheap}, {kLargest, kDear}};
  PriceEntry quick = Entry(kCheap);
  quick.speeds["fast"] = kDear;
  std::vector<ModelPrices> models = {
      {"plain", {"other-name"}, {Entry(kCheap)}},
      {"dated",
       {},
       {Entry(kDear, "2026-01-01", Day(2026, 1, 1)), Entry(kCheap, "2026-10-07", Day(2026, 10, 7))}},
      {"banded", {}, {banded}},
      {"quick", {}, {quick}},
  };
  return *PriceTable::Make(std::move(models), {{{"us", 1100}, {"global", 1000}, {"mars", 3000}}, 1100, 500},
                           10'000'000, std::move(fallback));
}

Usage Tokens(int64_t input, int64_t output = 0) {
  Usage usage;
  usage.input = input;
  usage.output = output;
  return usage;
}

int64_t Nano(const Result<Cost>& cost) { return cost ? cost->nano_dollars.units() : -1; }

TEST(PriceTable, AnUnknownModelHasNoPrice) {
  const auto cost = Table().Price("claude-unheard-of", {}, kNow);
  ASSERT_FALSE(cost);
  EXPECT_EQ(cost.error(),
            (Error{ErrorCode::kNotFound, "There is no price for model \"claude-unheard-of\"."}));
}

TEST(PriceTable, ADefaultPricesEveryModel) {
  const auto cost =
      Table(ModelPrices{"default", {}, {Entry(kDear)}}).Price("claude-unheard-of", Tokens(1), kNow);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->nano_dollars, Amount(2000));
  EXPECT_EQ(cost->model, "default");
}

TEST(PriceTable, AnAliasIsItsModel) {
  const auto cost = Table().Price("other-name", Tokens(3), kNow);
  ASSERT_TRUE(cost);
  EXPECT_EQ(cost->model, "plain");
  EXPECT_EQ(cost->nano_dollars, Amount(3000));
}

TEST(PriceTable, ANameThatIsGivenTwiceIsRefused) {
  std::vector<ModelPrices> models = {{"a", {"b"}, {Entry(kCheap)}}, {"b", {}, {Entry(kDear)}}};
  EXPECT_EQ(PriceTable::Make(std::move(models), {}, 0, std::nullopt).error().code, ErrorCode::kInvalid);
}

TEST(PriceTable, APriceHoldsFromItsDate) {
  const PriceTable table = Table();
  EXPECT_EQ(Nano(table.Price("dated", Tokens(1), Day(2026, 10, 7) - std::chrono::nanoseconds(1))), 2000);
  EXPECT_EQ(Nano(table.Price("dated", Tokens(1), Day(2026, 10, 7))), 1000);
  EXPECT_EQ(table.Price("dated", Tokens(1), Day(2025, 12, 31)).error().code, ErrorCode::kNotFound);
}

TEST(PriceTable, TheBandIsChosenByTheWholePromptAndHoldsForTheOutputToo) {
  const PriceTable table = Table();
  Usage usage = Tokens(40, 10);
  usage.cache_read = 30;
  usage.cache_write_5m = 20;
  usage.cache_write_1h = 10;
  EXPECT_EQ(Nano(table.Price("banded", usage, kNow)),
            40 * 1000 + 10 * 5000 + 30 * 100 + 20 * 1250 + 10 * 2000)
      << "100 tokens";
  usage.cache_read = 31;
  EXPECT_EQ(Nano(table.Price("banded", usage, kNow)),
            40 * 2000 + 10 * 10000 + 31 * 200 + 20 * 2500 + 10 * 4000)
      << "101 tokens";
  usage = Tokens(100, 5000);
  EXPECT_EQ(Nano(table.Price("banded", usage, kNow)), 100 * 1000 + 5000 * 5000) << "output doesn't choose";
}

TEST(PriceTable, TheAnswerSaysHowFastItWasAndTheRequestOnlyWhereItDoesNot) {
  const PriceTable table = Table();
  Usage usage = Tokens(1);
  EXPECT_EQ(Nano(table.Price("quick", usage, kNow, {Endpoint::kUnsaid, "fast", ""})), 2000);
  usage.speed = "standard";
  EXPECT_EQ(Nano(table.Price("quick", usage, kNow, {Endpoint::kUnsaid, "fast", ""})), 1000);
  usage.speed = "fast";
  EXPECT_EQ(Nano(table.Price("quick", usage, kNow)), 2000);
  usage.speed = "unheard-of";
  EXPECT_EQ(Nano(table.Price("quick", usage, kNow, {Endpoint::kUnsaid, "fast", ""})), 2000);
  EXPECT_EQ(table.Price("plain", Tokens(1), kNow, {Endpoint::kUnsaid, "fast", ""}).error().code,
            ErrorCode::kNotFound);
}

TEST(PriceTable, MultipliersApplyTogetherAndRoundUpOnce) {
  const PriceTable table = Table();
  Usage usage = Tokens(1);
  usage.inference_geo = "us";
  EXPECT_EQ(Nano(table.Price("plain", usage, kNow)), 1100);
  EXPECT_EQ(Nano(table.Price("plain", usage, kNow, {Endpoint::kRegional, "", ""})), 1210);
  usage.service_tier = "batch";
  EXPECT_EQ(Nano(table.Price("plain", usage, kNow, {Endpoint::kRegional, "", ""})), 605);
  Usage odd;
  odd.cache_read = 1;  // 100 × 1.1 × 1.1 × 0.5 = 60.5
  odd.service_tier = "batch";
  EXPECT_EQ(Nano(table.Price("plain", odd, kNow, {Endpoint::kRegional, "", "us"})), 61);
}

TEST(PriceTable, APlaceThatIsNotListedIsBilledLikeTheDearest) {
  Usage usage = Tokens(1);
  usage.inference_geo = "atlantis";
  EXPECT_EQ(Nano(Table().Price("plain", usage, kNow)), 3000);
}

TEST(PriceTable, TheNameKnowsBetterWhereItRanThanTheConfiguration) {
  EXPECT_EQ(Nano(Table().Price("global.anthropic.plain", Tokens(1), kNow, {Endpoint::kRegional, "", ""})),
            1000);
  EXPECT_EQ(Nano(Table().Price("eu.anthropic.plain", Tokens(1), kNow)), 1100);
}

TEST(PriceTable, SearchesCostTheSameEverywhere) {
  Usage usage;
  usage.web_searches = 3;
  usage.web_fetches = 5;
  usage.service_tier = "batch";
  EXPECT_EQ(Nano(Table().Price("plain", usage, kNow, {Endpoint::kRegional, "", "us"})), 30'000'000);
}

TEST(PriceTable, ThinkingIsPartOfTheOutput) {
  Usage usage = Tokens(0, 10);
  usage.thinking = 9;
  EXPECT_EQ(Nano(Table().Price("plain", usage, kNow)), 50'000);
}

TEST(PriceTable, AbsurdUsageNeitherWrapsNorPaysBack) {
  Usage usage = Tokens(kLargest, kLargest);
  usage.cache_read = usage.cache_write_5m = usage.cache_write_1h = usage.web_searches = kLargest;
  EXPECT_EQ(Nano(Table().Price("plain", usage, kNow)), kLargest);
  EXPECT_EQ(Nano(Table().Price("plain", Tokens(-1000, 2), kNow)), 10'000);
}

TEST(PriceTable, EqualVersionsAreEqualPrices) {
  const auto version = [](Rates rates, int64_t regional) {
    return PriceTable::Make({{"m", {}, {Entry(rates, "2026-10-07", Day(2026, 10, 7))}}}, {{}, regional, 1000},
                            0, std::nullopt)
        ->Price("m", {}, kNow)
        ->price_version;
  };
  EXPECT_TRUE(version(kCheap, 1000).starts_with("m@2026-10-07/"));
  EXPECT_EQ(version(kCheap, 1000), version(kCheap, 1000));
  EXPECT_NE(version(kCheap, 1000), version(kDear, 1000));
  EXPECT_NE(version(kCheap, 1000), version(kCheap, 1100));
}

// Against the same sum done with long doubles: they hold 64 bits, enough for these sizes.
TEST(PriceTable, AgreesWithPlainArithmeticOnRandomUsage) {
  const PriceTable table = Table();
  std::mt19937_64 random(5);
  for (int round = 0; round < 20'000; ++round) {
    Usage usage =
        Tokens(static_cast<int64_t>(random() % 1'000'000), static_cast<int64_t>(random() % 128'000));
    usage.cache_read = static_cast<int64_t>(random() % 1'000'000);
    usage.cache_write_5m = static_cast<int64_t>(random() % 100'000);
    usage.cache_write_1h = static_cast<int64_t>(random() % 100'000);
    if (random() % 2) usage.inference_geo = "us";
    if (random() % 2) usage.service_tier = "batch";
    const long double sum = usage.input * 1000.0L + usage.output * 5000.0L + usage.cache_write_5m * 1250.0L +
                            usage.cache_write_1h * 2000.0L + usage.cache_read * 100.0L;
    const long double scaled =
        sum * (usage.inference_geo.empty() ? 10 : 11) * (usage.service_tier.empty() ? 10 : 5);
    const auto expected = static_cast<int64_t>((static_cast<uint64_t>(scaled) + 99) / 100);
    ASSERT_EQ(Nano(table.Price("plain", usage, kNow)), expected);
  }
}

}  // namespace
}  // namespace postern::pricing
