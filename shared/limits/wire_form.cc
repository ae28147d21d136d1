#include "shared/limits/wire_form.h"

namespace postern::limits {
namespace {

int64_t TimeToWire(WallTime time) { return time.time_since_epoch().count(); }
WallTime TimeFromWire(int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

}  // namespace

wire::Window ToWire(const Window& window) {
  wire::Window wire;
  wire.set_begin(TimeToWire(window.begin));
  wire.set_end(TimeToWire(window.end));
  return wire;
}

Window FromWire(const wire::Window& window) {
  return {TimeFromWire(window.begin()), TimeFromWire(window.end())};
}

namespace {

wire::Claim ClaimToWire(const Claim& claim) {
  wire::Claim wire;
  wire.set_account(claim.account);
  if (claim.window) *wire.mutable_window() = ToWire(*claim.window);
  wire.set_amount(claim.amount.units());
  wire.set_spare(claim.spare.units());
  wire.set_granted(claim.granted.units());
  wire.set_returned(claim.returned.units());
  wire.set_ahead(claim.ahead.units());
  return wire;
}

Claim ClaimFromWire(const wire::Claim& wire) {
  Claim claim;
  claim.account = wire.account();
  if (wire.has_window()) claim.window = FromWire(wire.window());
  claim.amount = Amount(wire.amount());
  claim.spare = Amount(wire.spare());
  claim.granted = Amount(wire.granted());
  claim.returned = Amount(wire.returned());
  claim.ahead = Amount(wire.ahead());
  return claim;
}

wire::Standing StandingToWire(const Standing& standing) {
  wire::Standing wire;
  wire.set_account(standing.account);
  *wire.mutable_window() = ToWire(standing.window);
  wire.set_granted(standing.granted.units());
  wire.set_returned(standing.returned.units());
  wire.set_used(standing.used.units());
  wire.set_left(standing.left.units());
  return wire;
}

Standing StandingFromWire(const wire::Standing& wire) {
  return {.account = wire.account(),
          .window = FromWire(wire.window()),
          .granted = Amount(wire.granted()),
          .returned = Amount(wire.returned()),
          .used = Amount(wire.used()),
          .left = Amount(wire.left())};
}

wire::GrantWord WordToWire(Word word) {
  switch (word) {
    case Word::kGranted: return wire::GRANT_GRANTED;
    case Word::kDenied: return wire::GRANT_DENIED;
    case Word::kRecall: return wire::GRANT_RECALL;
  }
  return wire::GRANT_NONE;
}

Result<Word> WordFromWire(wire::GrantWord word) {
  switch (word) {
    case wire::GRANT_GRANTED: return Word::kGranted;
    case wire::GRANT_DENIED: return Word::kDenied;
    case wire::GRANT_RECALL: return Word::kRecall;
    default: return Error{ErrorCode::kInvalid, "a grant's word is none that this version knows"};
  }
}

}  // namespace

wire::Demand ToWire(const Demand& demand, uint64_t incarnation) {
  wire::Demand wire;
  wire.set_number(demand.number);
  wire.set_at(TimeToWire(demand.at));
  for (const Claim& claim : demand.claims) *wire.add_claims() = ClaimToWire(claim);
  wire.set_incarnation(incarnation);
  return wire;
}

Demand FromWire(const wire::Demand& wire) {
  Demand demand{.number = wire.number(), .at = TimeFromWire(wire.at()), .claims = {}};
  for (const wire::Claim& claim : wire.claims()) demand.claims.push_back(ClaimFromWire(claim));
  return demand;
}

wire::Return ToWire(const Return& returned, uint64_t incarnation) {
  wire::Return wire;
  wire.set_recall(returned.recall);
  for (const Held& held : returned.held) *wire.add_holdings() = ToWire(held);
  wire.set_incarnation(incarnation);
  return wire;
}

Return FromWire(const wire::Return& wire) {
  Return returned{.recall = wire.recall(), .held = {}};
  for (const wire::Holding& holding : wire.holdings()) returned.held.push_back(FromWire(holding));
  return returned;
}

wire::Holding ToWire(const Held& held) {
  wire::Holding wire;
  wire.set_account(held.account);
  *wire.mutable_window() = ToWire(held.window);
  wire.set_granted(held.counters.granted.units());
  wire.set_used(held.counters.used.units());
  wire.set_returned(held.counters.returned.units());
  return wire;
}

Held FromWire(const wire::Holding& wire) {
  return {.account = wire.account(),
          .window = FromWire(wire.window()),
          .counters = {.granted = Amount(wire.granted()),
                       .used = Amount(wire.used()),
                       .returned = Amount(wire.returned())}};
}

wire::Grant ToWire(const Answer& answer, uint64_t incarnation) {
  wire::Grant wire;
  wire.set_word(WordToWire(answer.word));
  wire.set_number(answer.number);
  wire.set_heard(TimeToWire(answer.heard));
  for (const Standing& standing : answer.standings) *wire.add_standings() = StandingToWire(standing);
  wire.set_lacking(answer.lacking);
  wire.set_incarnation(incarnation);
  return wire;
}

Result<Answer> FromWire(const wire::Grant& wire) {
  ASSIGN_OR_RETURN(const Word word, WordFromWire(wire.word()));
  Answer answer{.word = word,
                .number = wire.number(),
                .heard = TimeFromWire(wire.heard()),
                .standings = {},
                .lacking = wire.lacking()};
  for (const wire::Standing& standing : wire.standings())
    answer.standings.push_back(StandingFromWire(standing));
  return answer;
}

wire::Charge ToWire(const Charge& charge) {
  wire::Charge wire;
  wire.set_account(charge.account);
  *wire.mutable_window() = ToWire(charge.window);
  wire.set_amount(charge.amount.units());
  wire.set_reserved(charge.reserved.units());
  wire.set_used(charge.used.units());
  wire.set_admitted(charge.admitted.units());
  return wire;
}

Charge FromWire(const wire::Charge& wire) {
  return {.account = wire.account(),
          .window = FromWire(wire.window()),
          .amount = Amount(wire.amount()),
          .reserved = Amount(wire.reserved()),
          .used = Amount(wire.used()),
          .admitted = Amount(wire.admitted())};
}

}  // namespace postern::limits
