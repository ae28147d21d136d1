#include "collector/chronicle/chronicle.h"

#include <algorithm>
#include <array>
#include <utility>

#include "collector/chronicle/event_facts.h"
#include "shared/crypto/random.h"
#include "shared/crypto/sha256.h"
#include "shared/wire/chain.h"

namespace postern::chronicle {
namespace {

constexpr size_t kMaxGroupEvents = 256;
constexpr int kAttempts = 8;  // each but the last has met another program that writes this chain

std::string RandomText(size_t size) {
  std::string bytes(size, '\0');
  crypto::RandomBytes({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

uint64_t RandomIncarnation() {
  uint64_t number = 0;
  while (number == 0) crypto::RandomBytes({reinterpret_cast<uint8_t*>(&number), sizeof number});
  return number;
}

// Whether the newest seal is the chain's key's, over exactly where the chain ends.
bool IsSealed(const store::Chain& chain) {
  wire::Seal seal;
  const auto key = crypto::PublicKey::FromBytes(chain.seal_key);
  return key && seal.ParseFromString(chain.seal) && seal.incarnation() == chain.incarnation &&
         seal.last_sequence() == chain.sequence && seal.head() == crypto::AsBytes(chain.head) &&
         wire::VerifySeal(seal, *key);
}

void FillHead(wire::Event& event, const store::Chain& end, WallTime now) {
  event.set_version(wire::kEventVersion);
  event.set_salt(RandomText(16));
  event.set_incarnation(end.incarnation);
  event.set_sequence(end.sequence + 1);
  event.set_wall_time(now.time_since_epoch().count());
  event.set_boot_time(static_cast<uint64_t>(BootClock::now().time_since_epoch().count()));
  wire::Bound(event);
}

// Makes the event the next of the chain.
store::NewEvent Chain(wire::Event event, store::Chain& end, WallTime now) {
  FillHead(event, end, now);
  store::NewEvent next;
  next.bytes = event.SerializeAsString();
  next.entry = {store::kCollector, end.incarnation, event.sequence(), now, crypto::Sha256(next.bytes)};
  next.facts = FactsOf(event);
  end.head = wire::Extend(end.head, next.bytes);
  end.sequence = event.sequence();
  return next;
}

}  // namespace

Chronicle::Chronicle(store::Store& store, const crypto::SigningKey& log_key, Options options)
    : store_(store), log_key_(log_key), options_(std::move(options)) {}

Result<std::unique_ptr<Chronicle>> Chronicle::Open(store::Store& store, const crypto::SigningKey& log_key,
                                                   Options options) {
  std::unique_ptr<Chronicle> chronicle(new Chronicle(store, log_key, std::move(options)));
  RETURN_IF_ERROR(chronicle->Load());
  RETURN_IF_ERROR(chronicle->Begin());
  return chronicle;
}

Status Chronicle::Load() {
  ASSIGN_OR_RETURN(const auto chains, store_.Chains(store::kCollector));
  const store::Chain* open = nullptr;
  for (const store::Chain& chain : chains) {
    if (chain.closed) continue;
    if (open != nullptr) return Error{ErrorCode::kCorrupt, "the collector's own record has two ends"};
    open = &chain;
  }
  if (open != nullptr && !IsSealed(*open))
    return Error{ErrorCode::kCorrupt, "the end of the collector's own record isn't sealed by its key"};
  end_ = open != nullptr ? *open : store::Chain{};
  known_ = true;
  return Ok{};
}

Status Chronicle::Begin() {
  const bool go_on = options_.beginning == Beginning::kGoOn && end_.seal_key == public_key().raw();
  wire::Event event;
  wire::CollectorStart& start = *event.mutable_collector_start();
  start.set_public_key(std::string(public_key().raw()));
  start.set_program(options_.program);
  start.set_version(options_.version);
  start.set_host(options_.host);
  store::Change change;
  if (!go_on) {
    if (end_.incarnation != 0) {
      start.set_previous_incarnation(end_.incarnation);
      start.set_previous_head(std::string(crypto::AsBytes(end_.head)));
      change.chains.push_back({.chain = end_, .expected = end_.sequence});
      change.chains.back().chain.closed = true;
    }
    end_ = {.agent = store::kCollector,
            .incarnation = RandomIncarnation(),
            .sequence = 0,
            .head = wire::kFirstHead,
            .seal_key = std::string(public_key().raw()),
            .seal = {},
            .issued = true,
            .closed = false,
            .holes = {},
            .open_state = {}};
  }
  Waiting waiting{{std::move(event)}, std::move(change), {}};
  store::Chain end = end_;
  ASSIGN_OR_RETURN(const store::Receipt receipt, store_.Commit(Chained({&waiting}, end)));
  static_cast<void>(receipt);
  end_ = std::move(end);
  return Ok{};
}

store::Change Chronicle::Chained(const Group& group, store::Chain& end) const {
  const WallTime now = options_.wall_now();
  const uint64_t before = end.sequence;
  store::Change change = group.front()->change;
  std::vector<store::NewEvent> events;
  for (const Waiting* waiting : group) {
    for (const wire::Event& event : waiting->events) events.push_back(Chain(event, end, now));
  }
  change.events.insert(change.events.begin(), std::make_move_iterator(events.begin()),
                       std::make_move_iterator(events.end()));
  end.seal =
      wire::MakeSeal({end.incarnation, before + 1, end.sequence, end.head}, log_key_).SerializeAsString();
  change.chains.push_back({.chain = end, .expected = before});
  return change;
}

Result<store::Receipt> Chronicle::Commit(const Group& group) {
  for (int attempt = 1;; ++attempt) {
    if (!known_) RETURN_IF_ERROR(Load());
    if (end_.seal_key != public_key().raw())
      return Error{ErrorCode::kUnavailable, "another program has taken the collector's own record over"};
    store::Chain end = end_;
    auto receipt = store_.Commit(Chained(group, end));
    if (receipt) {
      end_ = std::move(end);
      return receipt;
    }
    known_ = false;
    if (receipt.error().code != ErrorCode::kDenied || attempt == kAttempts) return receipt;
    // Either the chain has another end by now, and it is to be tried again, or the change's own expectation
    // doesn't hold.
    const uint64_t expected = end_.sequence, incarnation = end_.incarnation;
    RETURN_IF_ERROR(Load());
    if (end_.sequence == expected && end_.incarnation == incarnation) return receipt;
  }
}

// A change stands alone, since it may be refused; events without one can't be.
Chronicle::Group Chronicle::TakeGroup() {
  Group group;
  size_t events = 0;
  while (!queue_.empty()) {
    Waiting* next = queue_.front();
    const bool first = group.empty();
    if (!first && (!next->change.empty() || !group.front()->change.empty())) break;
    if (!first && events + next->events.size() > kMaxGroupEvents) break;
    events += next->events.size();
    group.push_back(next);
    queue_.pop_front();
  }
  return group;
}

Result<store::Receipt> Chronicle::Append(std::vector<wire::Event> events, store::Change change) {
  if (events.empty()) return store_.Commit(change);
  Waiting waiting{std::move(events), std::move(change), {}};
  std::unique_lock lock(mutex_);
  queue_.push_back(&waiting);
  turn_.wait(lock, [&] { return waiting.result || (!writing_ && queue_.front() == &waiting); });
  if (waiting.result) return *std::move(waiting.result);
  writing_ = true;
  const Group group = TakeGroup();
  lock.unlock();
  const Result<store::Receipt> result = Commit(group);
  lock.lock();
  writing_ = false;
  uint64_t leaves = 0;
  for (Waiting* done : group) {
    done->result = result;
    if (result)
      done->result->value().first_leaf = store::Leaf{static_cast<uint64_t>(result->first_leaf) + leaves};
    leaves += done->events.size();
  }
  turn_.notify_all();
  return *std::move(waiting.result);
}

size_t Chronicle::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Result<store::Receipt> Chronicle::Record(wire::Event event) {
  std::vector<wire::Event> events;
  events.push_back(std::move(event));
  return Append(std::move(events), {});
}

}  // namespace postern::chronicle
