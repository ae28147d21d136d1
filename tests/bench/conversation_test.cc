#include "tests/bench/conversation.h"

#include <set>
#include <string>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace postern::bench {
namespace {

constexpr size_t kSizes[] = {300, 50'000, 500'000};

std::string Body(const Conversation& conversation) {
  return std::string(conversation.history()) + std::string(conversation.ending());
}

TEST(Conversation, EveryBodyIsAMessagesRequestInValidJson) {
  simdjson::dom::parser parser;
  for (const size_t size : kSizes) {
    Conversation conversation(size, Streaming::kYes, 1);
    for (;;) {
      const std::string body = Body(conversation);
      simdjson::dom::element document;
      ASSERT_EQ(parser.parse(body).get(document), simdjson::SUCCESS) << "turn " << conversation.turn() << "\n"
                                                                     << body;
      EXPECT_EQ(std::string_view(document["model"]), "claude-opus-5-5");
      EXPECT_GE(simdjson::dom::array(document["messages"]).size(), 1U);
      EXPECT_TRUE(bool(document["stream"]));
      if (conversation.turn() + 1 == Conversation::kTurns) break;
      conversation.Advance();
    }
  }
}

TEST(Conversation, AnswersAreAskedForAsOnePieceWhenNotStreaming) {
  simdjson::dom::parser parser;
  const std::string body = Body(Conversation(300, Streaming::kNo, 1));
  EXPECT_FALSE(bool(parser.parse(body)["stream"]));
}

TEST(Conversation, EachTurnKeepsTheHistoryAndAddsToIt) {
  for (const size_t size : kSizes) {
    Conversation conversation(size, Streaming::kNo, 2);
    while (conversation.turn() + 1 < Conversation::kTurns) {
      const std::string before(conversation.history());
      conversation.Advance();
      EXPECT_TRUE(conversation.history().starts_with(before));
      EXPECT_GT(conversation.history().size(), before.size());
    }
  }
}

TEST(Conversation, TheMeanOverAllTurnsIsTheNominalSize) {
  for (const size_t size : kSizes) {
    Conversation conversation(size, Streaming::kNo, 3);
    size_t sum = conversation.size();
    while (conversation.turn() + 1 < Conversation::kTurns) {
      conversation.Advance();
      sum += conversation.size();
    }
    EXPECT_NEAR(static_cast<double>(sum) / Conversation::kTurns, static_cast<double>(size),
                0.01 * static_cast<double>(size));
  }
}

TEST(Conversation, TheSameSeedMakesTheSameBytesAndAnotherSeedOthers) {
  for (const size_t size : kSizes) {
    EXPECT_EQ(Body(Conversation(size, Streaming::kNo, 4)), Body(Conversation(size, Streaming::kNo, 4)));
    std::set<std::string> bodies;
    for (uint64_t seed = 0; seed < 100; ++seed) bodies.insert(Body(Conversation(size, Streaming::kNo, seed)));
    EXPECT_EQ(bodies.size(), 100U);
  }
}

}  // namespace
}  // namespace postern::bench
