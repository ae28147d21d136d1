#include "collector/intake/group_check.h"

#include <algorithm>
#include <utility>

namespace postern::intake {
namespace {

using Checked = std::variant<CheckedGroup, Finding>;

std::string Name(uint64_t sequence) { return "event " + std::to_string(sequence); }

Finding Unverified(std::string reason, std::string sentence) {
  return {Problem::kUnverified, std::move(reason), std::move(sentence)};
}

Finding Fork(uint64_t sequence) {
  return {Problem::kFork, "fork",
          Name(sequence) + " is another than the one that is stored: this state was cloned or restored"};
}

uint64_t LastOf(const wire::Group& group) {
  return group.first_sequence() + static_cast<uint64_t>(group.events_size()) - 1;
}

std::optional<wire::Head> HeadOf(const wire::Seal& seal) {
  wire::Head head;
  if (seal.head().size() != head.size()) return std::nullopt;
  std::copy(seal.head().begin(), seal.head().end(), head.begin());
  return head;
}

// The group's own seal, read and compared with what it must cover.
std::variant<wire::Seal, Finding> ReadSeal(const wire::Group& group) {
  wire::Seal seal;
  if (!seal.ParseFromString(group.seal()) || !HeadOf(seal)) return Unverified("seal", "a seal can't be read");
  // A group may be the rest of what was sealed: then the seal begins before it.
  if (seal.incarnation() != group.incarnation() || seal.last_sequence() != LastOf(group) ||
      seal.first_sequence() > group.first_sequence()) {
    return Unverified("seal", "a seal is over other events than those it came with");
  }
  return seal;
}

// What a group with a base says: that the events before it, which aren't stored, are nowhere any more.
std::variant<store::Hole, Finding> ReadBase(const wire::Group& group, const store::Chain& chain,
                                            const crypto::PublicKey& key) {
  if (chain.holes.size() >= kMostHoles) return Unverified("hole", "this chain has too many holes");
  wire::Seal base;
  if (!base.ParseFromString(group.base()) || base.incarnation() != group.incarnation() ||
      base.last_sequence() != group.first_sequence() - 1 || !wire::VerifySeal(base, key)) {
    return Unverified("base", "what lies before these events is not vouched for by a seal");
  }
  return store::Hole{chain.sequence + 1, base.last_sequence(), *HeadOf(base)};
}

// Bodies that an agent may write; one that this version doesn't know may be a newer agent's.
bool IsForAgents(wire::Event::BodyCase body) {
  switch (body) {
    case wire::Event::kStart:
    case wire::Event::kStop:
    case wire::Event::kIntent:
    case wire::Event::kOutcome:
    case wire::Event::kRefusal:
    case wire::Event::kGap:
    case wire::Event::kKeyFirstUsed:
    case wire::Event::kSecretFound:
    case wire::Event::kPolicyChange:
    case wire::Event::BODY_NOT_SET: return true;
    case wire::Event::kAdministration:
    case wire::Event::kEnrolment:
    case wire::Event::kAlarm:
    case wire::Event::kCollectorStart: break;
  }
  return false;
}

std::optional<Finding> CheckEvent(const Glance& event, uint64_t incarnation, uint64_t sequence,
                                  const crypto::PublicKey& key) {
  if (event.incarnation != incarnation || event.sequence != sequence) {
    return Unverified("sequence", Name(sequence) + " says that it has another place in its chain");
  }
  const bool is_start = event.body == wire::Event::kStart;
  if (sequence == 1 && !is_start)
    return Unverified("event", "a chain begins with something else than a start");
  if (is_start && event.seal_key != key.raw()) {
    return Unverified("key", Name(sequence) + " names another seal key than the one that was enrolled");
  }
  if (!IsForAgents(event.body))
    return Unverified("event", Name(sequence) + " is of a kind that agents don't write");
  return std::nullopt;
}

// How many of the group's first events are stored already, with the same digests.
Result<std::variant<int, Finding>> CompareStored(const wire::Group& group, const store::Chain& chain,
                                                 const StoredDigests& stored) {
  using Compared = std::variant<int, Finding>;
  const uint64_t first = group.first_sequence();
  if (first > chain.sequence) return Compared(0);
  const auto overlap = static_cast<int>(std::min(chain.sequence, LastOf(group)) - first + 1);
  for (int at = 0; at < overlap;) {
    ASSIGN_OR_RETURN(const auto digests, stored(first + at, static_cast<size_t>(overlap - at)));
    if (digests.empty()) {
      return Compared(Unverified("hole", Name(first + at) + " was said to be lost before"));
    }
    for (const crypto::Digest& digest : digests) {
      if (at == overlap) break;
      if (crypto::Sha256(group.events(at)) != digest) return Compared(Fork(first + at));
      ++at;
    }
  }
  return Compared(overlap);
}

// Hashes and reads the new events onto `head`.
std::optional<Finding> ReadEvents(const wire::Group& group, const crypto::PublicKey& key,
                                  CheckedGroup& result) {
  const auto count = static_cast<size_t>(group.events_size() - result.skipped);
  result.events.reserve(count);
  result.digests.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const std::string& bytes = group.events(result.skipped + static_cast<int>(i));
    const uint64_t sequence = result.first + i;
    auto event = GlanceAt(bytes);
    if (!event) return Unverified("event", Name(sequence) + " can't be read");
    if (auto finding = CheckEvent(*event, group.incarnation(), sequence, key)) return finding;
    result.events.push_back(*std::move(event));
    result.digests.push_back(crypto::Sha256(bytes));
    result.head = wire::ExtendBy(result.head, result.digests.back());
  }
  return std::nullopt;
}

bool IsSignedBy(const crypto::PublicKey& key, std::string_view bytes) {
  wire::Seal seal;
  return seal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && wire::VerifySeal(seal, key);
}

// The events don't lead to the head that the seal states. A seal that this key has signed proves that the
// agent's state holds another history than the stored one.
Finding OtherHead(const wire::Seal& seal, const crypto::PublicKey& key) {
  if (wire::VerifySeal(seal, key)) return Fork(seal.last_sequence());
  return Unverified("chain", "the events up to " + std::to_string(seal.last_sequence()) +
                                 " don't lead to the head that their seal states");
}

}  // namespace

Result<std::variant<CheckedGroup, Finding>> CheckGroup(const wire::Group& group, const store::Chain& chain,
                                                       const crypto::PublicKey& key,
                                                       const StoredDigests& stored) {
  if (chain.closed)
    return Checked(Finding{Problem::kClosed, "closed", "this chain was closed: nothing more of it is taken"});
  CheckedGroup result;
  result.head = chain.head;
  if (group.first_sequence() > chain.sequence + 1) {
    if (group.base().empty()) {
      return Checked(Finding{Problem::kMissing, "missing",
                             "events before " + std::to_string(group.first_sequence()) + " have not come"});
    }
    auto hole = ReadBase(group, chain, key);
    if (auto* finding = std::get_if<Finding>(&hole)) return Checked(std::move(*finding));
    result.hole = std::get<store::Hole>(hole);
    result.head = result.hole->head;
  }
  auto read = ReadSeal(group);
  if (auto* finding = std::get_if<Finding>(&read)) return Checked(std::move(*finding));
  const wire::Seal& seal = std::get<wire::Seal>(read);
  result.seal = group.seal();

  ASSIGN_OR_RETURN(auto compared, CompareStored(group, chain, stored));
  if (auto* finding = std::get_if<Finding>(&compared)) return Checked(std::move(*finding));
  result.skipped = std::get<int>(compared);
  result.first = group.first_sequence() + static_cast<uint64_t>(result.skipped);
  if (auto finding = ReadEvents(group, key, result)) return Checked(std::move(*finding));
  if (!result.is_duplicate() && result.head != *HeadOf(seal)) return Checked(OtherHead(seal, key));
  return Checked(std::move(result));
}

size_t GoodPrefix(const std::vector<const CheckedGroup*>& groups, const crypto::PublicKey& key) {
  // The usual case first: the last seal is good, and speaks for all.
  if (groups.empty() || IsSignedBy(key, groups.back()->seal)) return groups.size();
  const auto bad = std::find_if(groups.begin(), groups.end() - 1,
                                [&](const CheckedGroup* group) { return !IsSignedBy(key, group->seal); });
  return static_cast<size_t>(bad - groups.begin());
}

}  // namespace postern::intake
