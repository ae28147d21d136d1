#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>

namespace postern::support {
namespace {

TEST(TemporaryDirectory, IsGoneAfterwards) {
  std::string file;
  {
    const TemporaryDirectory directory;
    file = directory.Write("a/b", "c");
    EXPECT_EQ(ReadFile(file), "c");
  }
  EXPECT_EQ(ReadFile(file), "");
}

}  // namespace
}  // namespace postern::support
