#include "shared/limits/window.h"

#include <gtest/gtest.h>

namespace postern::limits {
namespace {

using std::chrono::seconds;

WallTime At(const char* text) { return *ParseRfc3339(text); }

// One hour east; two in summer, 2026.
wire::TimeZone Berlin() {
  wire::TimeZone zone;
  zone.set_name("Europe/Berlin");
  zone.set_offset(3'600);
  const auto change = [&](const char* at, int offset) {
    wire::ZoneChange& one = *zone.add_changes();
    one.set_at(At(at).time_since_epoch() / seconds(1));
    one.set_offset(offset);
  };
  change("2026-03-29T01:00:00Z", 7'200);
  change("2026-10-25T01:00:00Z", 3'600);
  return zone;
}

TEST(Window, TheDayIsThatOfTheOrganisationsClock) {
  const Window day = CalendarWindow(Span::kDay, Berlin(), At("2026-11-29T23:30:00Z"));
  EXPECT_EQ(day.begin, At("2026-11-29T23:00:00Z"));
  EXPECT_EQ(day.end, At("2026-11-30T23:00:00Z"));
}

TEST(Window, TheDayOnWhichTheClockIsPutForwardHasTwentyThreeHours) {
  const Window day = CalendarWindow(Span::kDay, Berlin(), At("2026-03-29T12:00:00Z"));
  EXPECT_EQ(day.end - day.begin, std::chrono::hours(23));
}

TEST(Window, TheDayOnWhichTheClockIsPutBackHasTwentyFiveHours) {
  const Window day = CalendarWindow(Span::kDay, Berlin(), At("2026-10-25T01:30:00Z"));
  EXPECT_EQ(day.begin, At("2026-10-24T22:00:00Z"));
  EXPECT_EQ(day.end, At("2026-10-25T23:00:00Z"));
}

TEST(Window, WeeksMonthsAndYearsBeginAtMidnightOfTheClockThatHoldsThere) {
  const WallTime summer = At("2026-07-15T12:00:00Z");
  const Window week = CalendarWindow(Span::kWeek, Berlin(), At("2026-10-25T12:00:00Z"));
  EXPECT_EQ(week.begin, At("2026-10-18T22:00:00Z"));
  EXPECT_EQ(week.end, At("2026-10-25T23:00:00Z"));
  const Window march = CalendarWindow(Span::kMonth, Berlin(), At("2026-03-15T12:00:00Z"));
  EXPECT_EQ(march.begin, At("2026-02-28T23:00:00Z"));
  EXPECT_EQ(march.end, At("2026-03-31T22:00:00Z"));
  const Window year = CalendarWindow(Span::kYear, Berlin(), summer);
  EXPECT_EQ(year.begin, At("2025-12-31T23:00:00Z"));
  EXPECT_EQ(year.end, At("2026-12-31T23:00:00Z"));
}

TEST(Window, AFebruaryOfALeapYearHasADayMoreAndSoHasTheYear) {
  const Window february = CalendarWindow(Span::kMonth, policy::Utc(), At("2028-02-29T12:00:00Z"));
  EXPECT_EQ(february.begin, At("2028-02-01T00:00:00Z"));
  EXPECT_EQ(february.end, At("2028-03-01T00:00:00Z"));
  EXPECT_EQ(CalendarWindow(Span::kDay, policy::Utc(), At("2028-02-28T23:59:59Z")).end,
            At("2028-02-29T00:00:00Z"));
  const Window year = CalendarWindow(Span::kYear, policy::Utc(), At("2028-02-29T12:00:00Z"));
  EXPECT_EQ(year.end - year.begin, std::chrono::hours(24 * 366));
  // 2100 is none.
  EXPECT_EQ(CalendarWindow(Span::kMonth, policy::Utc(), At("2100-02-28T12:00:00Z")).end,
            At("2100-03-01T00:00:00Z"));
}

TEST(Window, EachIsOfItsOwnSpanAloneByTheCalendarAndRolling) {
  constexpr Span kSpans[] = {Span::kMinute, Span::kHour, Span::kDay, Span::kWeek, Span::kMonth, Span::kYear};
  for (const Span span : kSpans) {
    for (WallTime at = At("2026-01-01T00:00:00Z"); at < At("2029-01-01T00:00:00Z");
         at += std::chrono::hours(23)) {
      for (const Window window : {CalendarWindow(span, Berlin(), at), CalendarWindow(span, policy::Utc(), at),
                                  Window{at, at + LengthOf(span)}}) {
        for (const Span other : kSpans) ASSERT_EQ(IsOf(other, window), other == span) << Name(span);
      }
    }
    EXPECT_FALSE(IsOf(span, kAlways));
  }
}

TEST(Window, AWeekBeginsOnMondayAMonthOnItsFirst) {
  EXPECT_EQ(CalendarWindow(Span::kWeek, policy::Utc(), At("2026-11-29T12:00:00Z")).begin,
            At("2026-11-23T00:00:00Z"));
  const Window month = CalendarWindow(Span::kMonth, policy::Utc(), At("2026-12-31T23:59:59Z"));
  EXPECT_EQ(month.begin, At("2026-12-01T00:00:00Z"));
  EXPECT_EQ(month.end, At("2027-01-01T00:00:00Z"));
  EXPECT_EQ(CalendarWindow(Span::kYear, policy::Utc(), At("2026-12-31T23:59:59Z")).begin,
            At("2026-01-01T00:00:00Z"));
}

TEST(Window, AnEndedZoneTableGoesOnWithItsLastOffset) {
  wire::TimeZone zone = Berlin();
  zone.set_until(At("2026-11-01T00:00:00Z").time_since_epoch() / seconds(1));
  EXPECT_EQ(CalendarWindow(Span::kDay, zone, At("2026-11-29T23:30:00Z")).begin, At("2026-11-29T23:00:00Z"));
}

TEST(Window, WindowsDivideAllTimeWithoutAGap) {
  for (const Span span : {Span::kMinute, Span::kHour, Span::kDay, Span::kWeek, Span::kMonth, Span::kYear}) {
    WallTime at = At("2026-03-01T00:00:00Z");
    while (at < At("2026-12-01T00:00:00Z")) {
      const Window window = CalendarWindow(span, Berlin(), at);
      ASSERT_TRUE(window.Contains(at)) << Name(span);
      ASSERT_EQ(CalendarWindow(span, Berlin(), window.end - std::chrono::nanoseconds(1)), window)
          << Name(span);
      const Window next = CalendarWindow(span, Berlin(), window.end);
      ASSERT_EQ(next.begin, window.end) << Name(span);
      at = std::max(window.end, at + std::chrono::hours(5));
    }
  }
}

}  // namespace
}  // namespace postern::limits
