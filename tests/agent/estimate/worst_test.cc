#include "agent/estimate/worst.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/agent/estimate/prices.h"

namespace postern::estimate {
namespace {

using limits::Unit;

TEST(Worst, CountsATokenForEachByteInTheDearestClassAndPlaceAndAllOfTheAnswer) {
  const auto worst = EstimateWorst(OpusAsks(1'000), {}, {}, PricesAtNoon());
  ASSERT_TRUE(worst);
  // 10 dollars a million to keep for an hour, and 1.1 for the United States.
  EXPECT_EQ((*worst)[Unit::kUsd], Amount((1'000 * 10'000 + 32'000 * int64_t{25'000}) * 11 / 10));
  EXPECT_EQ((*worst)[Unit::kTokens], Amount(33'000));
}

TEST(Worst, CountsPicturesAndDocumentsAtTheirDocumentedMost) {
  Question question = OpusAsks(0);
  question.weight.pictures = 2;
  EXPECT_EQ((*EstimateWorst(question, {}, {}, PricesAtNoon()))[Unit::kTokens], Amount(2 * 4'784 + 32'000));
  question.weight.pictures = 0;
  question.weight.documents = 3;  // six hundred pages in all, however many documents
  EXPECT_EQ((*EstimateWorst(question, {}, {}, PricesAtNoon()))[Unit::kTokens],
            Amount(600 * (3'000 + 4'784) + 32'000));
}

TEST(Worst, RefusesWhatHasNoBoundUnlessThePolicyGivesACap) {
  Question question = OpusAsks(1'000);
  Extras search;
  search.searches = 1;
  EXPECT_EQ(EstimateWorst(question, search, {}, PricesAtNoon()).error().code, ErrorCode::kDenied);
  const auto capped = EstimateWorst(question, search, {.web_searches = 3}, PricesAtNoon());
  ASSERT_TRUE(capped);
  EXPECT_GT((*capped)[Unit::kUsd], Amount(3 * 10'000'000));
  Extras server;
  server.other_server_tools = 1;
  EXPECT_FALSE(EstimateWorst(question, server, {.web_searches = 3, .file_tokens = 9}, PricesAtNoon()));
  Extras mcp;
  mcp.mcp_servers = 1;
  EXPECT_FALSE(EstimateWorst(question, mcp, {.web_searches = 3, .file_tokens = 9}, PricesAtNoon()));
  question.weight.fetched = 2;
  EXPECT_FALSE(EstimateWorst(question, {}, {}, PricesAtNoon()));
  EXPECT_EQ((*EstimateWorst(question, {}, {.file_tokens = 5'000}, PricesAtNoon()))[Unit::kTokens],
            Amount(1'000 + 2 * 5'000 + 32'000));
  question.weight.fetched = 0;
  question.weight.compacts = true;
  EXPECT_FALSE(EstimateWorst(question, {}, {}, PricesAtNoon()));
  question.weight.compacts = false;
  question.max_tokens.reset();
  EXPECT_FALSE(EstimateWorst(question, {}, {}, PricesAtNoon()));
}

TEST(Worst, TellsServerToolsFromTheClients) {
  dialect::RequestFacts request;
  request.tools = {{"Read", ""},
                   {"bash", "bash_20250124"},
                   {"web_search", "web_search_20250305"},
                   {"code_execution", "code_execution_20250825"}};
  request.mcp_server_count = 2;
  const Extras extras = ExtrasOf(request);
  EXPECT_EQ(extras.client_tools, 1U);
  EXPECT_EQ(extras.provider_typed, 1U);
  EXPECT_EQ(extras.searches, 1U);
  EXPECT_EQ(extras.other_server_tools, 1U);
  EXPECT_EQ(extras.mcp_servers, 2);
}

// Whatever the provider reports within the bounds costs no more, in every model of the list: any split over
// the classes, shorter prompts, any place, a slower speed.
TEST(Worst, IsNeverLessThanWhatAnExchangeCosts) {
  std::mt19937_64 random(7);
  const auto below = [&random](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  for (const pricing::ModelPrices& model : Published().models()) {
    for (int round = 0; round < 200; ++round) {
      Question question = OpusAsks(static_cast<uint64_t>(below(300'000)));
      question.model = question.id = model.id;
      question.max_tokens = below(64'000);
      const auto worst = EstimateWorst(question, {}, {}, PricesAtNoon());
      ASSERT_TRUE(worst) << model.id;
      pricing::Usage usage;
      int64_t left = below(static_cast<int64_t>(question.weight.text_bytes));
      for (const auto input_class : {&pricing::Usage::input, &pricing::Usage::cache_read,
                                     &pricing::Usage::cache_write_5m, &pricing::Usage::cache_write_1h}) {
        usage.*input_class = below(left);
        left -= usage.*input_class;
      }
      usage.output = below(*question.max_tokens);
      usage.inference_geo = round % 2 == 0 ? "us" : "";
      const auto cost = AmountsOf(question, usage, PricesAtNoon());
      ASSERT_TRUE(cost);
      EXPECT_LE((*cost)[Unit::kUsd], (*worst)[Unit::kUsd]) << model.id;
      EXPECT_LE((*cost)[Unit::kTokens], (*worst)[Unit::kTokens]) << model.id;
    }
  }
}

}  // namespace
}  // namespace postern::estimate
