#include "shared/policy/zone.h"

#include <cstdlib>
#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "shared/zoneinfo/zoneinfo.h"
#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using std::chrono::seconds;

WallTime At(const char* text) { return *ParseRfc3339(text); }

TEST(Zone, TheClockIsSetTwiceAYear) {
  const auto zone = ReadZone(BerlinFile(), "Europe/Berlin", kNoon);
  ASSERT_TRUE(zone) << zone.error().message;
  EXPECT_EQ(MinuteOfWeek(*zone, At("2026-11-23T12:00:00Z")), 13U * 60);
  // Sunday 28 March 2027: from 2:00 to 3:00.
  EXPECT_EQ(MinuteOfWeek(*zone, At("2027-03-28T00:59:59Z")), 6U * 1440 + 119);
  EXPECT_EQ(MinuteOfWeek(*zone, At("2027-03-28T01:00:00Z")), 6U * 1440 + 180);
  // Sunday 31 October 2027: from 3:00 back to 2:00.
  EXPECT_EQ(MinuteOfWeek(*zone, At("2027-10-31T00:59:59Z")), 6U * 1440 + 179);
  EXPECT_EQ(MinuteOfWeek(*zone, At("2027-10-31T01:00:00Z")), 6U * 1440 + 120);
  EXPECT_EQ(Spoken(*zone, At("2026-11-30T07:00:00Z")), "Monday 30 November 2026 08:00 (Europe/Berlin)");
}

TEST(Zone, ItsTableEnds) {
  const auto zone = ReadZone(BerlinFile(), "Europe/Berlin", kNoon);
  ASSERT_TRUE(zone);
  EXPECT_TRUE(MinuteOfWeek(*zone, kNoon + std::chrono::years(19)));
  EXPECT_FALSE(MinuteOfWeek(*zone, kNoon + std::chrono::years(21)));
  EXPECT_TRUE(MinuteOfWeek(Utc(), kNoon + std::chrono::years(21)));
}

TEST(Zone, ADayBeginsWhereItsClockSaysSo) {
  using namespace std::chrono_literals;
  const auto zone = ReadZone(BerlinFile(), "Europe/Berlin", kNoon);
  ASSERT_TRUE(zone);
  EXPECT_EQ(WallTime(seconds(BeginOfDay(*zone, 2026y / 12 / 31))), At("2026-12-30T23:00:00Z"));
  EXPECT_EQ(WallTime(seconds(BeginOfDay(*zone, 2027y / 7 / 1))), At("2027-06-30T22:00:00Z"));
  EXPECT_EQ(WallTime(seconds(BeginOfDay(*zone, 2027y / 3 / 28))), At("2027-03-27T23:00:00Z"));
  EXPECT_EQ(WallTime(seconds(BeginOfDay(*zone, 2027y / 3 / 29))), At("2027-03-28T22:00:00Z"));
}

// The C library reads the same files, and its code is not ours.
TEST(Zone, SaysWhatTheCLibrarySaysForTwentyYears) {
  std::mt19937_64 random(11);
  for (const std::string name :
       {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "America/Sao_Paulo",
        "Asia/Kathmandu", "America/Nuuk", "Africa/Casablanca", "Antarctica/Troll", "Pacific/Chatham"}) {
    const auto bytes = zoneinfo::ReadZoneFile(name);
    ASSERT_TRUE(bytes) << name << ": " << bytes.error().message;
    const auto zone = ReadZone(*bytes, name, kNoon);
    ASSERT_TRUE(zone) << zone.error().message;
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
    for (int i = 0; i < 20'000; ++i) {
      const std::time_t at =
          1'795'435'200 - 300 * 86'400 + static_cast<std::time_t>(random() % (20ULL * 365 * 86'400));
      std::tm clock{};
      ::localtime_r(&at, &clock);
      ASSERT_EQ(OffsetAt(*zone, at), clock.tm_gmtoff) << name << " at " << at;
      const auto minute =
          static_cast<uint32_t>(((clock.tm_wday + 6) % 7) * 1440 + clock.tm_hour * 60 + clock.tm_min);
      ASSERT_EQ(MinuteOfWeek(*zone, WallTime(seconds(at))), minute) << name << " at " << at;
    }
  }
}

TEST(Zone, WhatIsNoFileOfAZoneIsRefused) {
  EXPECT_FALSE(ReadZone("", "X", kNoon));
  EXPECT_FALSE(ReadZone("TZif", "X", kNoon));
  const std::string whole = BerlinFile();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(ReadZone(whole.substr(0, size), "X", kNoon)) << size;
  EXPECT_FALSE(zoneinfo::ReadZoneFile("../passwd"));
  EXPECT_FALSE(zoneinfo::ReadZoneFile("Europe"));
  EXPECT_FALSE(zoneinfo::ReadZoneFile("Europe/Atlantis"));
}

TEST(Zone, ATableOutOfOrderIsNoTable) {
  wire::TimeZone zone = Utc();
  zone.add_changes()->set_at(10);
  zone.add_changes()->set_at(10);
  EXPECT_FALSE(CheckZone(zone));
  zone.mutable_changes(1)->set_at(11);
  EXPECT_TRUE(CheckZone(zone));
  zone.mutable_changes(1)->set_offset(86'400);
  EXPECT_FALSE(CheckZone(zone));
}

}  // namespace
}  // namespace postern::policy
