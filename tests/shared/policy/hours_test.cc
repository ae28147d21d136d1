#include "shared/policy/hours.h"

#include <gtest/gtest.h>

#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

std::string Read(const std::string& text) {
  const auto hours = ReadHours(text);
  if (!hours) return "wrong";
  std::string read;
  for (const wire::Hours& stretch : *hours)
    read += (read.empty() ? "" : " ") + std::to_string(stretch.begin()) + "-" + std::to_string(stretch.end());
  return read;
}

TEST(Hours, AreMinutesOfTheWeek) {
  EXPECT_EQ(Read("mon 08:00-18:00"), "480-1080");
  EXPECT_EQ(Read("sat,sun 10:00-24:00"), "7800-8640 9240-10080");
  EXPECT_EQ(Read("fri-mon 00:00-00:01"), "0-1 5760-5761 7200-7201 8640-8641");
}

TEST(Hours, RunOverMidnightAndTheWeeksEnd) {
  EXPECT_EQ(Read("mon 22:00-06:00"), "1320-1800");
  EXPECT_EQ(Read("sun 22:00-06:00"), "9960-10080 0-360");
}

TEST(Hours, NothingElseIsRead) {
  for (const char* wrong : {"", "mon", "mon 8:00-18:00", "mon 08:00-08:00", "mon 08:00 - 18:00",
                            "Mon 08:00-18:00", "mon-fry 08:00-18:00", "mon 08:60-18:00", "mon 08:00-24:01",
                            "mon 24:00-08:00", "mon, 08:00-18:00", "mon 08:00-18:00 "})
    EXPECT_EQ(Read(wrong), "wrong") << wrong;
}

TEST(Hours, AreShownAsTheyAreWritten) {
  for (const char* text :
       {"mon-fri 08:00-18:00", "sat,sun 10:00-14:00", "daily 00:00-24:00", "mon,wed,fri 09:30-17:45"})
    EXPECT_EQ(HoursText(*ReadHours(text)), text);
  EXPECT_EQ(HoursText(*ReadHours("sun 22:00-06:00")), "mon 00:00-06:00, sun 22:00-24:00");
  EXPECT_EQ(HoursText({}), "never");
}

}  // namespace
}  // namespace postern::policy
