#include "collector/intake/hello.h"

#include "shared/crypto/sha256.h"

namespace postern::intake {
namespace {

bool Equal(const wire::Mark& mark, const wire::Head& head) {
  if (mark.head().empty()) return mark.sequence() == 0 && head == wire::kFirstHead;
  return mark.head() == crypto::AsBytes(head);
}

Judgement Fork() {
  return {Course::kFork,
          "this state has another history than the one that is stored: it was cloned or restored", "fork"};
}

// Were each issued an incarnation in place of the other's, they would take turns for ever.
Judgement Clone() {
  return {Course::kFork,
          "two machines run with this agent's keys at the same time: one of them is a clone of the other",
          "clone"};
}

// It brings another incarnation than the last one that was issued to it.
Judgement JudgeOther(const Acquaintance& known) {
  if (!known.issued || known.issued->sequence == 0) {
    return {Course::kIssue, "the incarnation that it was given was never begun", ""};
  }
  if (known.last_memory == Acquaintance::Epoch::kEarlier) {
    return {Course::kIssue, "the collector was restored from a backup that is older than this incarnation",
            ""};
  }
  if (known.origin == Acquaintance::Origin::kIssuedHere) {
    if (known.company == Acquaintance::Company::kAnotherLife) return Clone();
    return {Course::kIssue, "this state is older than the last incarnation that was given to it", "older"};
  }
  return {Course::kIssue,
          "this state is fresh, though events of an earlier one are stored: that one was lost", "lost"};
}

// It brings the last incarnation that was issued to it, but less of it than is stored.
Judgement JudgeShorter(const wire::Mark& now, const Acquaintance& known) {
  if (known.head_at_now && !Equal(now, *known.head_at_now)) return Fork();
  return {Course::kIssue, "this state is older than what is stored of it: it was restored", "restored"};
}

}  // namespace

Judgement Judge(const wire::Hello& hello, const Acquaintance& known) {
  const wire::AgentRecord& record = known.record;
  if (record.state() == wire::AGENT_QUARANTINED) return {Course::kQuarantined, record.why(), ""};
  if (record.incarnation() == 0) return {Course::kIssue, "it is new to this collector", ""};
  const wire::Mark& now = hello.now();
  const uint64_t stored = known.issued ? known.issued->sequence : 0;
  if (known.issued && known.issued->closed) return {Course::kIssue, "its last incarnation was closed", ""};
  if (now.incarnation() != record.incarnation() && known.offer == Acquaintance::Offer::kToThisLife &&
      stored == 0) {
    return {Course::kOffer, "it was given this incarnation and hasn't begun it yet", ""};
  }
  if (!hello.machine().empty() && hello.machine() != record.machine()) {
    if (known.company == Acquaintance::Company::kAnotherLife) return Clone();
    return {Course::kIssue, "this state comes from another machine", "machine"};
  }
  if (now.incarnation() != record.incarnation()) return JudgeOther(known);
  if (now.sequence() < stored) return JudgeShorter(now, known);
  if (now.sequence() == stored && stored > 0 && !Equal(now, known.issued->head)) return Fork();
  if (known.money) return {Course::kIssue, *known.money, "wallet"};
  return {Course::kGoOn, "", ""};
}

}  // namespace postern::intake
