#include "agent/spool/verifier.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shared/base/hex.h"

namespace postern::spool {
namespace {

using Problem = std::optional<std::string>;

std::string Number(uint64_t number) { return std::to_string(number); }

std::string Name(uint64_t incarnation) {
  std::string bytes;
  AppendNumber(bytes, incarnation);
  return ToHex(bytes);
}

}  // namespace

size_t Verifier::Hash::operator()(const ExchangeId& id) const {
  size_t hash;
  std::memcpy(&hash, id.bytes.data() + 8, sizeof(hash));
  return hash;
}

Verifier::Verifier(std::vector<crypto::PublicKey> keys) : keys_(std::move(keys)) {}

bool Verifier::Add(uint64_t position, RecordKind kind, std::string_view bytes) {
  if (verdict_.problem) return false;
  const bool is_event = kind == RecordKind::kEvent;
  Problem problem = is_event ? AddEvent(position, bytes) : AddSeal(position, bytes);
  if (!problem) return true;
  verdict_.problem = (is_event ? "event " : "the seal after event ") + Number(position) + ": " + *problem;
  return false;
}

Problem Verifier::AddEvent(uint64_t position, std::string_view bytes) {
  wire::Event event;
  if (bytes.size() > wire::kMaxEventBytes) return "it is longer than an event may be";
  if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return "its bytes are not an event";
  if (event.version() != wire::kEventVersion)
    return "it has version " + Number(event.version()) + ", which this program doesn't know";
  if (event.salt().size() != 16) return "it has no salt";
  if (position != position_ + 1) {
    return "it follows event " + Number(position_) + ": " +
           (position > position_ ? "an event is missing" : "the order is wrong");
  }
  if (!begun_ || event.incarnation() != incarnation_) {
    if (Problem problem = BeginIncarnation(event)) return problem;
  } else if (event.sequence() != sequence_ + 1) {
    return "its sequence is " + Number(event.sequence()) + " where " + Number(sequence_ + 1) +
           " was expected";
  }
  if (Problem problem = FollowExchange(event)) return problem;
  verdict_.head = wire::Extend(verdict_.head, bytes);
  sequence_ = event.sequence();
  position_ = position;
  if (verdict_.events++ == 0) verdict_.first_position = position;
  verdict_.last_position = position;
  ++verdict_.unsealed;
  if (event.has_gap()) ++verdict_.gaps;
  return std::nullopt;
}

Problem Verifier::BeginIncarnation(const wire::Event& event) {
  if (event.sequence() != 1)
    return "an incarnation begins with sequence " + Number(event.sequence()) + " instead of 1";
  if (!event.has_start()) return "an incarnation doesn't begin with a start";
  if (begun_ && event.start().previous_incarnation() != incarnation_) {
    return "it names " + Name(event.start().previous_incarnation()) +
           " as the incarnation before it, but that was " + Name(incarnation_);
  }
  if (begun_ && event.start().previous_head() != crypto::AsBytes(verdict_.head)) {
    return "it names another head for the incarnation before it";
  }
  if (begun_ && verdict_.unsealed != 0) return "the incarnation before it ends unsealed";
  begun_ = true;
  incarnation_ = event.incarnation();
  verdict_.head = wire::kFirstHead;
  sealed_ = 0;
  ++verdict_.incarnations;
  return std::nullopt;
}

Problem Verifier::FollowExchange(const wire::Event& event) {
  if (event.has_intent()) {
    const auto id = wire::ParseExchange(event.intent().exchange());
    if (!id) return "its exchange id doesn't have 16 bytes";
    if (!exchanges_.emplace(*id, Exchange::kOpen).second)
      return "exchange " + id->ToString() + " has two intents";
  }
  if (event.has_outcome()) {
    const auto id = wire::ParseExchange(event.outcome().exchange());
    if (!id) return "its exchange id doesn't have 16 bytes";
    const auto found = exchanges_.find(*id);
    if (found == exchanges_.end() && !verdict_.trimmed)
      return "exchange " + id->ToString() + " has an outcome but no intent";
    if (found != exchanges_.end() && found->second == Exchange::kClosed)
      return "exchange " + id->ToString() + " has two outcomes";
    exchanges_[*id] = Exchange::kClosed;
  }
  return std::nullopt;
}

Problem Verifier::AddSeal(uint64_t position, std::string_view bytes) {
  wire::Seal seal;
  if (!seal.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "its bytes are not a seal";
  if (seal.SerializeAsString() != bytes) return "its bytes are not as a seal is written";
  const crypto::PublicKey* key = FindKey(seal.key_id());
  if (key == nullptr) return "it was made with an unknown key (" + ToHex(seal.key_id()) + ")";
  if (!wire::VerifySeal(seal, *key)) return "its signature is wrong";
  if (!begun_) {  // what came before was trimmed, and this is what the chain goes on from
    begun_ = true;
    verdict_.trimmed = true;
    incarnation_ = seal.incarnation();
    sequence_ = seal.last_sequence();
    position_ = position;
    std::copy(seal.head().begin(), seal.head().end(), verdict_.head.begin());
    ++verdict_.incarnations;
  } else {
    if (position != position_) return "it doesn't follow that event";
    if (verdict_.unsealed == 0) return "there are two";
    if (seal.incarnation() != incarnation_) return "it names another incarnation";
    if (seal.first_sequence() != sealed_ + 1)
      return "it begins at " + Number(seal.first_sequence()) + " where " + Number(sealed_ + 1) +
             " was expected";
    if (seal.last_sequence() != sequence_)
      return "it ends at " + Number(seal.last_sequence()) + " where " + Number(sequence_) + " was expected";
    if (seal.head() != crypto::AsBytes(verdict_.head))
      return "its head is not that of the events: one of them was changed since the last seal";
  }
  sealed_ = seal.last_sequence();
  verdict_.unsealed = 0;
  ++verdict_.seals;
  return std::nullopt;
}

const crypto::PublicKey* Verifier::FindKey(std::string_view id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const crypto::PublicKey& key) { return wire::KeyId(key) == id; });
  return found == keys_.end() ? nullptr : &*found;
}

Verdict Verifier::Finish() const {
  Verdict verdict = verdict_;
  for (const auto& [id, state] : exchanges_)
    ++(state == Exchange::kOpen ? verdict.open_exchanges : verdict.closed_exchanges);
  return verdict;
}

}  // namespace postern::spool
