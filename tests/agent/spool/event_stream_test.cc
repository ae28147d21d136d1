#include "agent/spool/event_stream.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "tests/agent/spool/events.h"
#include "tests/support/paths.h"

namespace postern::spool {
namespace {

Page Example() {
  return {.first = 3,
          .next = 9,
          .public_keys = {std::string(32, 'k')},
          .records = {{2, RecordKind::kSeal, "seal"}, {3, RecordKind::kEvent, std::string("ev\0nt", 5)}},
          .resume = 4};
}

TEST(EventStream, WhatIsEncodedIsDecoded) {
  const auto page = DecodePage(EncodePage(Example()));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->first, 3u);
  EXPECT_EQ(page->next, 9u);
  EXPECT_EQ(page->resume, 4u);
  EXPECT_EQ(page->public_keys, Example().public_keys);
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[0].kind, RecordKind::kSeal);
  EXPECT_EQ(page->records[1].position, 3u);
  EXPECT_EQ(page->records[1].bytes, std::string("ev\0nt", 5));
}

TEST(EventStream, TheReadmesExampleHolds) {
  const Page empty{.first = 1, .next = 1, .public_keys = {}, .records = {}, .resume = 1};
  EXPECT_EQ(ToHex(EncodePage(empty)),
            "706f737465726e206576656e747320310a"
            "4200000010"
            "0000000000000001"
            "0000000000000001"
            "5a00000008"
            "0000000000000001");
}

TEST(EventStream, APageWithTheWorkedExampleOfTheChainIsSound) {
  std::ifstream file(support::InSource("tests/fuzz/corpus/event_stream/sealed"), std::ios::binary);
  const std::string body((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto page = DecodePage(body);
  ASSERT_TRUE(page);
  const Verdict verdict = Verify(*page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.events, 2u);
}

TEST(EventStream, APageThatIsCutAnywhereIsCorrupt) {
  const std::string body = EncodePage(Example());
  for (size_t size = 0; size < body.size(); ++size) {
    const auto page = DecodePage(body.substr(0, size));
    ASSERT_FALSE(page) << size;
    EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(DecodePage(body + "x"));
}

TEST(EventStream, AFrameOfALaterVersionIsSkipped) {
  std::string body = EncodePage(Example());
  const std::string later("Q\0\0\0\3abc", 8);
  body.insert(body.find('B'), later);
  const auto page = DecodePage(body);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->records.size(), 2u);
}

TEST(PageRequest, IsTheSameAfterAQuery) {
  PageRequest request{.from = 17, .since = WallTime(std::chrono::nanoseconds(5)), .last = 3, .limit = 9};
  const auto read = PageRequest::FromQuery(request.ToQuery());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->from, 17u);
  EXPECT_EQ(read->since, request.since);
  EXPECT_EQ(read->last, 3u);
  EXPECT_EQ(read->limit, 9u);
  EXPECT_TRUE(PageRequest::FromQuery(""));
}

TEST(PageRequest, NonsenseIsInvalid) {
  for (const char* query : {"from=", "from=x", "limit=0", "limit=-1", "what=1", "from", "=", "from=1&&"}) {
    const auto request = PageRequest::FromQuery(query);
    ASSERT_FALSE(request) << query;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace postern::spool
