// The prices that are delivered, against sums done by hand: dollars per million tokens × tokens, in
// nano-dollars.
#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "shared/pricing/price_file.h"
#include "tests/support/paths.h"

namespace postern::pricing {
namespace {

struct Record {
  const char* what;
  const char* model;
  int64_t input, output, write_5m, write_1h, read;
  int64_t searches;
  const char* speed;
  const char* geo;
  const char* tier;
  int month, day;    // of 2026
  int64_t expected;  // nano-dollars
};

constexpr Record kRecords[] = {
    // 12×4 + 503×20 + 3,000×5 + 40,000×0.20 = 48 + 10,060 + 15,000 + 8,000 = 33,108 µ$
    {"a turn of a tool loop", "claude-opus-5-5", 12, 503, 3000, 0, 40000, 0, "", "", "", 11, 23, 33'108'000},
    // 49,000 written at 5 = 245,000; 3×4 = 12; 220×20 = 4,400 → 249,412 µ$
    {"the first turn", "claude-opus-5-5", 3, 220, 49000, 0, 0, 0, "", "", "standard", 11, 23, 249'412'000},
    // 20,000×8 = 160,000; 100,000×0.20 = 20,000; 5×4 = 20; 1,000×20 = 20,000 → 200,020 µ$
    {"a cache of one hour", "claude-opus-5-5", 5, 1000, 0, 20000, 100000, 0, "", "", "", 11, 23, 200'020'000},
    // (1,000×5 + 2,000×8) = 21,000; 12×4 = 48; 40,000×0.20 = 8,000; 503×20 = 10,060 → 39,108 µ$
    {"both caches", "claude-opus-5-5", 12, 503, 1000, 2000, 40000, 0, "", "", "", 11, 23, 39'108'000},
    // 39,108 × 1.1 = 43,018.8 µ$
    {"in the United States", "claude-opus-5-5", 12, 503, 1000, 2000, 40000, 0, "", "us", "", 11, 23,
     43'018'800},
    {"anywhere", "claude-opus-5-5", 12, 503, 1000, 2000, 40000, 0, "", "global", "", 11, 23, 39'108'000},
    {"where the provider says so", "claude-opus-5-5", 12, 503, 1000, 2000, 40000, 0, "", "not_available", "",
     11, 23, 39'108'000},
    // 39,108 / 2 = 19,554 µ$
    {"in a batch", "claude-opus-5-5", 12, 503, 1000, 2000, 40000, 0, "", "", "batch", 11, 23, 19'554'000},
    // 900,000×0.20 = 180,000; 50,000×4 = 200,000; 10,000×20 = 200,000 → 580,000 µ$: long context at the
    // standard price
    {"long context", "claude-opus-5-5[1m]", 50000, 10000, 0, 0, 900000, 0, "", "", "", 11, 23, 580'000'000},
    // 1×4 µ$
    {"one token", "claude-opus-5-5", 1, 0, 0, 0, 0, 0, "", "", "", 11, 23, 4'000},
    // 1 read × 0.20 × 1.1 = 0.22 µ$
    {"one token from the cache, in the United States", "claude-opus-5-5", 0, 0, 0, 0, 1, 0, "", "us", "", 11,
     23, 220},
    // 10,000×10 + 2,000×50 + 1,000×0.25 = 100,000 + 100,000 + 250 = 200,250 µ$
    {"fable", "claude-fable-5-1", 10000, 2000, 0, 0, 1000, 0, "", "", "", 11, 23, 200'250'000},
    {"mythos is priced like fable", "claude-mythos-5-1", 10000, 2000, 0, 0, 1000, 0, "", "", "", 11, 23,
     200'250'000},
    // with reads at 1: 100,000 + 100,000 + 1,000 = 201,000 µ$
    {"the older mythos", "claude-mythos-5", 10000, 2000, 0, 0, 1000, 0, "", "", "", 11, 23, 201'000'000},
    // 1,000×5 + 100×25 + 400×6.25 + 200×10 + 10,000×0.50 = 5,000 + 2,500 + 2,500 + 2,000 + 5,000 = 17,000 µ$
    {"opus 5", "claude-opus-5", 1000, 100, 400, 200, 10000, 0, "", "", "", 11, 23, 17'000'000},
    // twice that: 10 / 50 and the same cache multipliers
    {"opus 5, fast", "claude-opus-5", 1000, 100, 400, 200, 10000, 0, "fast", "", "", 11, 23, 34'000'000},
    {"opus 4.8, fast, on Vertex", "claude-opus-4-8@default", 1000, 100, 400, 200, 10000, 0, "fast", "", "",
     11, 23, 34'000'000},
    {"a dated id of opus 4.5", "claude-opus-4-5-20251101", 1000, 100, 400, 200, 10000, 0, "", "", "", 11, 23,
     17'000'000},
    // 17,000 × 1.1 = 18,700 µ$
    {"opus 4.6 in a region of Bedrock", "eu.anthropic.claude-opus-4-6-v1", 1000, 100, 400, 200, 10000, 0, "",
     "", "", 11, 23, 18'700'000},
    // 2,000×15 + 300×75 + 1,000×18.75 + 0 + 5,000×1.50 = 30,000 + 22,500 + 18,750 + 7,500 = 78,750 µ$
    {"opus 4.1, retired", "claude-opus-4-1-20250805", 2000, 300, 1000, 0, 5000, 0, "", "", "", 11, 23,
     78'750'000},
    // 500×2 + 900×10 + 2,000×2.50 + 60,000×0.10 = 1,000 + 9,000 + 5,000 + 6,000 = 21,000 µ$
    {"sonnet 5.5 now", "claude-sonnet-5-5", 500, 900, 2000, 0, 60000, 0, "", "", "", 10, 7, 21'000'000},
    // reads at 0.20: 1,000 + 9,000 + 5,000 + 12,000 = 27,000 µ$
    {"sonnet 5.5 a day before its price changed", "claude-sonnet-5-5", 500, 900, 2000, 0, 60000, 0, "", "",
     "", 10, 6, 27'000'000},
    {"sonnet 5", "claude-sonnet-5", 500, 900, 2000, 0, 60000, 0, "", "", "", 11, 23, 27'000'000},
    // 1,000×3 + 1,000×15 + 1,000×3.75 + 1,000×6 + 1,000×0.30 = 28,050 µ$
    {"sonnet 4.5 at the global endpoint of Bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 1000,
     1000, 1000, 1000, 1000, 0, "", "", "", 11, 23, 28'050'000},
    // 28,050 × 1.1 = 30,855 µ$
    {"sonnet 4 on Bedrock without a profile", "anthropic.claude-sonnet-4-20250514-v1:0", 1000, 1000, 1000,
     1000, 1000, 0, "", "", "", 11, 23, 30'855'000},
    // prompt 10,000 + 80,000 + 10,000 = 100,000: 10,000×0.10 + 2,000×0.50 + 10,000×0.125 + 80,000×0.01
    //   = 1,000 + 1,000 + 1,250 + 800 = 4,050 µ$
    {"haiku 5.5 at the edge of its band", "claude-haiku-5-5", 10000, 2000, 10000, 0, 80000, 0, "", "", "", 11,
     23, 4'050'000},
    // one token more: 10,001×0.50 + 2,000×2.50 + 10,000×0.625 + 80,000×0.05 = 5,000.5 + 5,000 + 6,250 + 4,000
    // = 20,250.5 µ$
    {"haiku 5.5 beyond it", "claude-haiku-5-5", 10001, 2000, 10000, 0, 80000, 0, "", "", "", 11, 23,
     20'250'500},
    // 8,000×1 + 150×5 + 3 searches at $0.01 = 8,000 + 750 + 30,000 = 38,750 µ$
    {"haiku 4.5 searching the web", "claude-haiku-4-5-20251001", 8000, 150, 0, 0, 0, 3, "", "", "", 11, 23,
     38'750'000},
    // (1,000×0.80 + 1,000×4 + 1,000×1 + 1,000×1.60 + 1,000×0.08) = 7,480 µ$
    {"haiku 3.5", "claude-3-5-haiku-20241022", 1000, 1000, 1000, 1000, 1000, 0, "", "", "", 11, 23,
     7'480'000},
};

TEST(PublishedPrices, AreWhatOneComputesByHand) {
  const auto file = config::ParseFile(support::InSource("config/models.yaml"));
  ASSERT_TRUE(file) << file.error().message;
  const auto table = LoadPriceTable(*file);
  ASSERT_TRUE(table) << table.error().message;
  for (const Record& record : kRecords) {
    Usage usage;
    usage.input = record.input;
    usage.output = record.output;
    usage.cache_write_5m = record.write_5m;
    usage.cache_write_1h = record.write_1h;
    usage.cache_read = record.read;
    usage.web_searches = record.searches;
    usage.speed = record.speed;
    usage.inference_geo = record.geo;
    usage.service_tier = record.tier;
    const WallTime when = std::chrono::sys_days(std::chrono::year(2026) / record.month / record.day);
    const auto cost = table->Price(record.model, usage, when);
    ASSERT_TRUE(cost) << record.what << ": " << cost.error().message;
    EXPECT_EQ(cost->nano_dollars, Amount(record.expected)) << record.what;
  }
}

TEST(PublishedPrices, HaveNoPriceForAModelBeforeItsTime) {
  const auto table = LoadPriceTable(*config::ParseFile(support::InSource("config/models.yaml")));
  const WallTime early = std::chrono::sys_days(std::chrono::year(2026) / 9 / 21);
  EXPECT_EQ(table->Price("claude-opus-5-5", {}, early).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(table->Price("claude-opus-5-5", {}, early + std::chrono::days(1)));
}

}  // namespace
}  // namespace postern::pricing
