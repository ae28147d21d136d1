#include "shared/command_line/table.h"

#include <sstream>

#include <gtest/gtest.h>

namespace postern::command_line {
namespace {

TEST(Table, MakesColumnsAsWideAsTheirWidestCell) {
  Table table({{"ID"}, {"COST", Align::kRight}, {"NAME"}});
  table.Add({"k7x2m9q4w8ab", "$1.20", "Zoë"});
  table.Add({"a", "$10.00", ""});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(),
            "ID              COST  NAME\n"
            "k7x2m9q4w8ab   $1.20  Zoë\n"
            "a             $10.00  -\n");
}

TEST(Table, GoesOnWithTheNextPageUnderTheSameNames) {
  Table table({{"ID"}, {"NAME"}});
  table.Add({"long one", "a"});
  std::ostringstream out;
  table.Print(out);
  table.Add({"b", "c"});
  EXPECT_EQ(table.rows(), 1u);
  table.Print(out);
  EXPECT_EQ(out.str(), "ID        NAME\nlong one  a\nb         c\n");
}

TEST(Table, GivesATerminalNothingToObey) {
  Table table({{"A"}});
  table.Add({"x\x1b[2Jy\n"});
  std::ostringstream out;
  table.Print(out);
  EXPECT_EQ(out.str(), "A\nx?[2Jy?\n");
}

}  // namespace
}  // namespace postern::command_line
