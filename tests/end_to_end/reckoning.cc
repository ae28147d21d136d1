#include "tests/end_to_end/reckoning.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "shared/base/check.h"

namespace postern::end_to_end {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kProof = " too little is left, as everybody was asked ";
constexpr std::string_view kRefusal = " too little is left account=";
// An intent is written behind its reservation, and by another thread.
constexpr milliseconds kWriting{50};

// Calls with each piece of the text, without the separator.
template <class F>
void Split(std::string_view text, char separator, F&& call) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    call(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view FieldOf(std::string_view line, std::string_view name) {
  const std::string mark = " " + std::string(name) + "=";
  const size_t at = line.find(mark);
  CHECK(at != std::string_view::npos);
  std::string_view rest = line.substr(at + mark.size());
  rest = rest.substr(0, rest.find(' '));
  // A text without anything in it is quoted.
  return rest == "\"\"" ? std::string_view() : rest;
}

template <class T>
T NumberFrom(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  CHECK(error == std::errc() && end == text.data() + text.size());
  return number;
}

template <class T>
T NumberOf(std::string_view line, std::string_view name) {
  return NumberFrom<T>(FieldOf(line, name));
}

WallTime TimeOf(std::string_view line, std::string_view name) {
  return WallTime(std::chrono::nanoseconds(NumberOf<int64_t>(line, name)));
}

std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  Split(text, ':', [&](std::string_view piece) { pieces.push_back(piece); });
  return pieces;
}

}  // namespace

void Reckoning::AddOutage(std::string agent, WallTime from, WallTime until) {
  outages_.push_back({std::move(agent), from, until});
}

void Reckoning::ReadProofs(std::string_view log) {
  Split(log, '\n', [&](std::string_view line) {
    if (line.find(kProof) == std::string_view::npos || FieldOf(line, "account") != account_) return;
    Proof& proof = proofs_.emplace_back();
    proof.began = TimeOf(line, "began");
    proof.ended = TimeOf(line, "ended");
    proof.amount = NumberOf<int64_t>(line, "amount");
    Split(FieldOf(line, "denied"), ',', [&](std::string_view one) {
      const auto pieces = Pieces(one);
      CHECK(pieces.size() == 3);
      proof.denied.emplace_back(HolderName(pieces[0], NumberFrom<uint64_t>(pieces[1])),
                                NumberFrom<uint64_t>(pieces[2]));
    });
    Split(FieldOf(line, "held"), ',', [&](std::string_view one) {
      const auto pieces = Pieces(one);
      CHECK(pieces.size() == 5 || pieces.size() == 6);
      proof.parts.push_back({HolderName(pieces[0], NumberFrom<uint64_t>(pieces[1])),
                             NumberFrom<int64_t>(pieces[2]), NumberFrom<int64_t>(pieces[3]),
                             NumberFrom<int64_t>(pieces[4]), pieces.size() == 6});
    });
  });
}

void Reckoning::ReadRefusals(const std::string& agent, std::string_view log) {
  Split(log, '\n', [&](std::string_view line) {
    if (line.find(kRefusal) == std::string_view::npos || FieldOf(line, "account") != account_) return;
    const auto at = ParseRfc3339(line.substr(0, line.find(' ')));
    CHECK(at.has_value());
    // A number of a log is signed.
    const auto incarnation = static_cast<uint64_t>(NumberOf<int64_t>(line, "incarnation"));
    refused_.push_back({{agent, incarnation},
                        *at,
                        NumberOf<uint64_t>(line, "demand"),
                        NumberOf<int64_t>(line, "wanted"),
                        NumberOf<int64_t>(line, "missing"),
                        NumberOf<int64_t>(line, "left")});
  });
}

// The newest one that was made by then: an agent that was killed numbers its demands from the beginning.
const Reckoning::Proof* Reckoning::ProofOf(const Refused& refused, const Denials& denials) {
  const auto found = denials.find({refused.holder, refused.demand});
  if (found == denials.end()) return nullptr;
  const Proof* newest = nullptr;
  for (const Proof* proof : found->second) {
    if (proof->ended <= refused.at && (newest == nullptr || proof->ended >= newest->ended)) newest = proof;
  }
  return newest;
}

// What its exchanges had spent and reserved when the round began; rather more, since events are written a
// little later than what they speak of. A holder never has less at that moment than it has left when it has
// answered: until then nothing is granted to it, and it gives back at once what becomes free. Whatever was
// reserved by then has its intent written before the answer is sent.
int64_t Reckoning::TakenBy(const HolderName& holder, const Proof& proof) const {
  const auto found = spendings_.find(holder);
  if (found == spendings_.end()) return 0;
  int64_t taken = 0;
  for (const Spending& one : found->second) {
    if (one.outcome <= proof.began) taken += one.amount;
    else if (one.intent <= proof.ended + kWriting) taken += std::max(one.reserved, one.amount);
  }
  return taken;
}

std::vector<int64_t> Reckoning::TakenIn(const Proof& proof) const {
  std::vector<int64_t> taken;
  for (const Part& part : proof.parts) taken.push_back(std::min(part.held(), TakenBy(part.holder, proof)));
  return taken;
}

// What its agent had spent beyond all that it holds, so that a grant would have to make up for that first: as
// far as exchanges cost more than they had reserved, and as far as the ledger doesn't count it as held.
int64_t Reckoning::BehindBy(const Refused& refused, const Proof& proof) const {
  int64_t beyond = 0;
  if (const auto found = spendings_.find(refused.holder); found != spendings_.end()) {
    for (const Spending& one : found->second)
      if (one.outcome <= proof.ended + kWriting) beyond += std::max<int64_t>(0, one.amount - one.reserved);
  }
  int64_t counted = 0;
  for (const Part& part : proof.parts)
    if (part.holder == refused.holder) counted = part.held() - (part.granted - part.returned);
  return std::max<int64_t>(0, std::min(refused.missing - refused.wanted - counted, beyond));
}

bool Reckoning::WasDown(const std::string& agent, const Proof& proof) const {
  return std::any_of(outages_.begin(), outages_.end(), [&](const Outage& outage) {
    return (outage.agent.empty() || outage.agent == agent) && outage.from <= proof.ended &&
           proof.began <= outage.until;
  });
}

// What the books say that there was for that holder. What it has overspent is held already.
int64_t Reckoning::ToldLeft(const Proof& proof, const HolderName& holder) {
  int64_t left = proof.amount;
  for (const Part& part : proof.parts) {
    left -= part.held();
    if (part.holder == holder) left += part.held() - (part.granted - part.returned);
  }
  return std::max<int64_t>(left, 0);
}

void Reckoning::Judge(const Refused& refused, const Proof* proof, Takings& takings,
                      Reckoned& reckoned) const {
  const std::string who = refused.holder.first + ", refused " + std::to_string(refused.wanted) + " at " +
                          FormatRfc3339(refused.at);
  if (proof == nullptr) {
    reckoned.wrong.push_back(who + ": the collector's log has no proof of it");
    return;
  }
  if (ToldLeft(*proof, refused.holder) != refused.left) {
    reckoned.wrong.push_back(who + ": it was told that " + std::to_string(refused.left) +
                             " is left, and the books say " +
                             std::to_string(ToldLeft(*proof, refused.holder)));
    return;
  }
  int64_t free = limit_ - BehindBy(refused, *proof);
  int64_t down = 0;
  int64_t unheard = 0;
  std::string unexplained;
  const auto [known, is_new] = takings.try_emplace(proof);
  if (is_new) known->second = TakenIn(*proof);
  for (size_t i = 0; i < proof->parts.size(); ++i) {
    const Part& part = proof->parts[i];
    const int64_t taken = known->second[i];
    free -= taken;
    if (part.is_away) (WasDown(part.holder.first, *proof) ? down : unheard) += part.held() - taken;
    if (part.held() > taken)
      unexplained += "; " + part.holder.first + " held " + std::to_string(part.held()) + ", of which " +
                     std::to_string(part.held() - taken) + " isn't in its events";
  }
  if (free < refused.wanted) {
    const int64_t lacked = refused.wanted - free;
    reckoned.least_short = reckoned.right == 0 ? lacked : std::min(reckoned.least_short, lacked);
    ++reckoned.right;
  } else if (free - down < refused.wanted) {
    ++reckoned.right_by_down;
    reckoned.most_down = std::max(reckoned.most_down, down);
  } else if (free - down - unheard < refused.wanted) {
    ++reckoned.right_by_unheard;
    reckoned.most_unheard = std::max(reckoned.most_unheard, unheard);
  } else {
    reckoned.wrong.push_back(who + ": " + std::to_string(free - down - unheard) +
                             " was neither spent, nor reserved, nor out of reach" + unexplained);
  }
}

Reckoned Reckoning::Reckon() const {
  Denials denials;
  for (const Proof& proof : proofs_)
    for (const auto& demand : proof.denied) denials[demand].push_back(&proof);
  Takings takings;
  Reckoned reckoned;
  for (const Refused& refused : refused_) Judge(refused, ProofOf(refused, denials), takings, reckoned);
  return reckoned;
}

}  // namespace postern::end_to_end
