// What an agent's Hello means: does it go on with its incarnation, or is its state fresh, lost, older than
// what is stored of it, or from another machine? README.md has the table. Fails closed: what can't be told
// apart from a restored state is one. Pure.
#pragma once

#include <optional>
#include <string>

#include "collector/store/types.h"
#include "shared/wire/chain.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"

namespace postern::intake {

// What the collector knows of the agent that says Hello.
struct Acquaintance {
  wire::AgentRecord record;
  std::optional<store::Chain> issued;  // the chain of record.incarnation, the last one that was issued
  // What is stored as head at the sequence of Hello's `now`, where that lies before the end of `issued`;
  // nothing where it can't be told.
  std::optional<wire::Head> head_at_now;
  // record.incarnation was offered to this same life of the agent before, which may not have heard it.
  enum class Offer { kNone, kToThisLife } offer = Offer::kNone;
  // Whether `now` names another incarnation that this collector once issued.
  enum class Origin { kElsewhere, kIssuedHere } origin = Origin::kElsewhere;
  // The agent was last acknowledged by this collector, or in an epoch before it was restored.
  enum class Epoch { kPresent, kEarlier } last_memory = Epoch::kPresent;
  // Another process has said Hello as this agent since this one last did, and this one is alive all the same.
  enum class Company { kAlone, kAnotherLife } company = Company::kAlone;
  // Why what its wallet says can't be gone on with; nothing where it can.
  std::optional<std::string> money = {};
};

enum class Course {
  kGoOn,         // with the incarnation that it has
  kOffer,        // with record.incarnation, which it hasn't begun
  kIssue,        // with a new one
  kFork,         // its history is another than the stored one, or two go on with it: to be quarantined
  kQuarantined,  // it is already
};

struct Judgement {
  Course course{};
  std::string why;    // a sentence for the agent's log; empty with kGoOn
  std::string alarm;  // "machine", "older", "lost", "restored", "fork", "clone", "wallet": to be recorded;
                      // empty: all is well
};

Judgement Judge(const wire::Hello& hello, const Acquaintance& known);

}  // namespace postern::intake
