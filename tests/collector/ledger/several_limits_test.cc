// Who lacks several accounts at once is told of the one that begins anew last: told of another, he would wait
// for that and be refused again.
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/collector/ledger/ledgers.h"

namespace postern::ledger {
namespace {

using limits::Word;
using std::chrono::milliseconds;

class SeveralLimits : public testing::Test {
 protected:
  SeveralLimits() {
    limits::Limit month = limits::DayLimit("month", limits::Unit::kUsd, 10);
    month.span = limits::Span::kMonth;
    const auto table = limits::TableOf({limits::DayLimit("day", limits::Unit::kUsd, 10), month,
                                        limits::DayLimit("slots", limits::Unit::kConcurrent, 1)});
    this_month_ = table->WindowOf(month, kNow);
    ledger_.emplace(Options(), table);
  }

  static limits::Demand Want(uint64_t number, std::initializer_list<const char*> accounts, int64_t amount) {
    limits::Demand demand{number, kNow, {}};
    for (const char* account : accounts) {
      demand.claims.emplace_back().account = account;
      demand.claims.back().amount = Amount(amount);
    }
    return demand;
  }

  // A holds all of it and has spent that much.
  void Spend(const char* account, const limits::Window& window, int64_t amount) {
    ledger_->Receive(kA, Want(++number_, {account}, 10), kNow, output_);
    limits::Charge charge{account, window, Amount(amount), Amount(amount), Amount(amount), {}};
    ledger_->Apply(kA, std::span(&charge, 1), kNow, output_);
    output_.Clear();
  }
  void SpendDay(int64_t amount) { Spend("day", kToday, amount); }
  void SpendMonth(int64_t amount) { Spend("month", this_month_, amount); }

  void Ask(std::initializer_list<const char*> accounts) {
    output_.Clear();
    ledger_->Receive(kB, Want(1, accounts, 1), kNow, output_);
  }

  // A answers what it was asked: all is reserved.
  void AnswerAt(WallTime now) {
    const std::vector<Message> asked = output_.messages;
    output_.Clear();
    for (const Message& message : asked) {
      if (message.answer.word != Word::kRecall) continue;
      const limits::Standing& standing = message.answer.standings[0];
      ledger_->Receive(
          kA,
          {message.answer.number,
           {{standing.account, standing.window, {standing.granted, standing.used, standing.returned}}}},
          now, output_);
    }
  }

  // A is asked for all of them at once, and answers all at once.
  void AnswerUntilDenied() {
    for (int ms = 1; ms < 30 && Lacking().empty(); ms += 5) {
      ledger_->Hold();
      AnswerAt(kNow + milliseconds(ms));
      ledger_->Release(kNow + milliseconds(ms), output_);
      if (Lacking().empty()) ledger_->Tick(kNow + milliseconds(ms), output_);
    }
  }

  // What B was told that it lacks; nothing where it was told nothing.
  std::string Lacking() const {
    for (const Message& message : output_.messages)
      if (message.to == kB && message.answer.word == Word::kDenied) return message.answer.lacking;
    return "";
  }

  std::optional<Ledger> ledger_;
  Output output_;
  limits::Window this_month_;
  uint64_t number_ = 0;
};

TEST_F(SeveralLimits, OfADayAndAMonthThatAreSpentTheMonthIsNamed) {
  SpendDay(10);
  SpendMonth(10);
  Ask({"day", "month"});
  EXPECT_EQ(Lacking(), "month");
}

TEST_F(SeveralLimits, InWhateverOrderTheyAreAskedFor) {
  SpendDay(10);
  SpendMonth(10);
  Ask({"month", "day"});
  EXPECT_EQ(Lacking(), "month");
}

TEST_F(SeveralLimits, OneThatIsSpentIsNamedWhateverElseIsAskedFor) {
  SpendDay(10);
  Ask({"day", "month"});
  EXPECT_EQ(Lacking(), "day");
}

TEST_F(SeveralLimits, WhereBothAreProvenAtOnceTheLaterOneIsNamed) {
  SpendDay(4);
  SpendMonth(4);
  Ask({"day", "month"});
  EXPECT_EQ(Lacking(), "") << "A is asked first";
  AnswerUntilDenied();
  EXPECT_EQ(Lacking(), "month");
  ASSERT_EQ(output_.proofs.size(), 2u) << "each has its proof";
  for (const Proof& proof : output_.proofs) EXPECT_EQ(proof.denied[0], std::pair(kB, uint64_t{1}));
}

TEST_F(SeveralLimits, SlotsComeBackSoonerThanADayBegins) {
  SpendDay(4);
  ledger_->Receive(kA, Want(++number_, {"slots"}, 1), kNow, output_);
  Ask({"slots", "day"});
  AnswerUntilDenied();
  EXPECT_EQ(Lacking(), "day");
}

// What is proven is said at once.
TEST_F(SeveralLimits, NobodyIsKeptWaitingForTheProofOfAnother) {
  SpendDay(10);
  SpendMonth(4);
  Ask({"day", "month"});
  EXPECT_EQ(Lacking(), "day");
}

TEST_F(SeveralLimits, WhereNobodyAnswersBothAreProvenOnceTheyAreOutOfReach) {
  SpendDay(4);
  SpendMonth(4);
  Ask({"day", "month"});
  for (int ms = 5; ms < 200 && Lacking().empty(); ms += 5) ledger_->Tick(kNow + milliseconds(ms), output_);
  EXPECT_EQ(Lacking(), "month");
}

}  // namespace
}  // namespace postern::ledger
