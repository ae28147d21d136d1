#include "agent/spool/chains.h"

#include <algorithm>

#include "shared/base/check.h"

namespace postern::spool {

void Chains::Begin(uint64_t incarnation, uint64_t first_position) {
  chains_.push_back({.end = {incarnation, 0, wire::kFirstHead}, .first_position = first_position});
}

void Chains::Advance(uint64_t sequence, const wire::Head& head) {
  Mark& end = chains_.back().end;
  CHECK(sequence >= end.sequence);
  end.sequence = sequence;
  end.head = head;
}

Status Chains::Acknowledge(uint64_t incarnation, uint64_t sequence) {
  const Chain* chain = Find(incarnation);
  return SetAcknowledged(incarnation, chain == nullptr ? sequence : std::max(chain->acknowledged, sequence));
}

Status Chains::SetAcknowledged(uint64_t incarnation, uint64_t sequence) {
  const auto found = std::find_if(chains_.begin(), chains_.end(),
                                  [&](const Chain& chain) { return chain.end.incarnation == incarnation; });
  if (found == chains_.end() || sequence > found->end.sequence)
    return Error{ErrorCode::kInvalid, "the record has no such event"};
  found->acknowledged = sequence;
  return Ok{};
}

std::vector<uint64_t> Chains::Trim(uint64_t position) {
  std::vector<uint64_t> gone;
  while (chains_.size() > 1 && chains_[1].first_position <= position) {
    gone.push_back(chains_.front().end.incarnation);
    chains_.erase(chains_.begin());
  }
  return gone;
}

const Chain* Chains::Find(uint64_t incarnation) const {
  const auto found = std::find_if(chains_.begin(), chains_.end(),
                                  [&](const Chain& chain) { return chain.end.incarnation == incarnation; });
  return found == chains_.end() ? nullptr : &*found;
}

const Chain* Chains::After(uint64_t incarnation) const {
  const Chain* chain = Find(incarnation);
  return chain == nullptr || chain == &chains_.back() ? nullptr : chain + 1;
}

std::vector<Mark> Chains::Ends() const {
  std::vector<Mark> ends;
  ends.reserve(chains_.size());
  for (const Chain& chain : chains_) ends.push_back(chain.end);
  return ends;
}

uint64_t Chains::FirstUnacknowledged() const {
  for (const Chain& chain : chains_) {
    if (chain.acknowledged < chain.end.sequence) return chain.PositionOf(chain.acknowledged + 1);
  }
  return present().PositionOf(present().acknowledged + 1);
}

uint64_t Chains::CountUnacknowledged() const {
  uint64_t count = 0;
  for (const Chain& chain : chains_) count += chain.end.sequence - chain.acknowledged;
  return count;
}

}  // namespace postern::spool
