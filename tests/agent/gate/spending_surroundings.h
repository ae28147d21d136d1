// An exchange's spending with a real purse, a real record and a ledger.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/gate/spending.h"
#include "tests/agent/estimate/prices.h"
#include "tests/agent/purse/surroundings.h"

namespace postern::gate {

// The text of a request of so many bytes.
inline std::string BodyOf(size_t bytes) {
  const std::string begin = R"({"model":"claude-opus-5","messages":[{"role":"user","content":")";
  const std::string end = R"("}]})";
  return begin + std::string(bytes - begin.size() - end.size(), 'a') + end;
}

struct Spender;

class SpendingTest : public purse::Surroundings {
 public:
  // Of team ml.
  void Begin(std::vector<limits::Limit> limits) {
    terms.emplace(
        membership::LimitTerms{.table = *limits::Table::Make(limits, policy::Utc()), .messages = {}});
    Limit(std::move(limits));
    Open();
  }

  SpendingGrounds Grounds() const {
    return {.terms = *terms,
            .teams = {"ml"},
            .provider = "anthropic",
            .model = "claude-opus-5",
            .conversation = "",
            .body = body,
            .max_tokens = 32'000,
            .prices = estimate::PricesAtNoon(),
            .money = {.terms = *terms, .policy_version = 3, .now = WallNow()}};
  }

  ExchangeFacts Facts(uint64_t exchange) const {
    ExchangeFacts facts{.id = spool::Exchange(exchange)};
    facts.identity.key = KeyId{"k1"};
    facts.identity.principal = {.user = "ada", .team = "ml", .organisation = ""};
    facts.request.model = "claude-opus-5";
    facts.request.stream = true;
    facts.request.max_tokens = 32'000;
    facts.request.thinking = "disabled";
    return facts;
  }

  // Runs it with an exchange of its own, number 1.
  void RunSpending(http::Task<void> (*act)(SpendingTest& test, Spender& one));

  // With the intent in the record.
  void Intend(Spending& spending, uint64_t exchange) {
    EXPECT_TRUE(spool_->Append(spool::Intent(exchange)));
    spending.Begun();
  }

  static dialect::AnswerFacts Streamed(int64_t prompt, int64_t tokens) {
    dialect::AnswerFacts facts;
    facts.begun = facts.usage_seen = true;
    facts.usage.input = prompt;
    facts.events = 1;
    facts.content_bytes = static_cast<uint64_t>(tokens) * 3;
    return facts;
  }

  static dialect::RequestWeight Weight() {
    dialect::RequestWeight weight;
    weight.text_bytes = 7'000;
    return weight;
  }

  static limits::Limit Strict(int64_t nano_dollars) {
    limits::Limit limit = purse::LimitOf("ml", limits::Unit::kUsd, nano_dollars);
    limit.admission = limits::Admission::kStrict;
    return limit;
  }

  std::string body = BodyOf(7'000);
  std::optional<membership::LimitTerms> terms;
  estimate::History history;
  Metrics metrics;
  dialect::JsonCursor json;
};

// An exchange, by what is known of it when it is made.
struct Spender {
  Spender(SpendingTest& surroundings, ExchangeFacts known)
      : test(surroundings),
        strand(*test.loop_),
        facts(std::move(known)),
        grounds(test.Grounds()),
        spending(strand, &*test.purse_, test.history, test.metrics, facts) {}
  Spender(SpendingTest& surroundings, uint64_t number) : Spender(surroundings, surroundings.Facts(number)) {}

  http::Task<std::optional<Refusal>> Reserve() { return spending.Reserve(grounds, test.json); }

  SpendingTest& test;
  http::Strand strand;
  const ExchangeFacts facts;
  const SpendingGrounds grounds;
  Spending spending;
};

inline void SpendingTest::RunSpending(http::Task<void> (*act)(SpendingTest&, Spender&)) {
  Spender one(*this, 1);
  Run(act(*this, one));
}

}  // namespace postern::gate
