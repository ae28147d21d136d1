#include "tests/support/sse_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::support {
namespace {

using testing::ElementsAre;

TEST(ParseSseEvents, ReadsNamesAndData) {
  EXPECT_THAT(ParseSseEvents("event: a\ndata: 1\n\ndata:2\ndata:3\n\n"),
              ElementsAre(SseEvent{"a", "1"}, SseEvent{"message", "2\n3"}));
}

TEST(ParseSseEvents, TakesEveryLineEnd) {
  EXPECT_THAT(ParseSseEvents("\xef\xbb\xbf"
                             "data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n"),
              ElementsAre(SseEvent{"message", "1"}, SseEvent{"message", "2"}, SseEvent{"message", "3"}));
}

TEST(ParseSseEvents, DropsCommentsAndUnfinishedEvents) {
  EXPECT_THAT(ParseSseEvents(": hi\n\nevent: none\n\nid: 1\ndata: x\n\ndata: unfinished\n"),
              ElementsAre(SseEvent{"message", "x"}));
}

}  // namespace
}  // namespace postern::support
