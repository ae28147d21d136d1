#include "agent/spool/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/spool/page_reader.h"
#include "shared/crypto/random.h"

namespace postern::spool {
namespace {

constexpr size_t kSaltSize = 16;
constexpr size_t kSaltsAtOnce = 64;
constexpr size_t kSpareBatches = 4;
constexpr size_t kSpareBatchBytes = 256 * 1024;

std::string_view View(const std::array<char, RecordKey::kSize>& key) { return {key.data(), key.size()}; }

}  // namespace

Journal::Journal(JournalOptions options, std::unique_ptr<kv::Store> store, crypto::SigningKey key)
    : options_(std::move(options)), store_(std::move(store)), key_(std::move(key)) {}

void Journal::Salt(wire::Event& event) {
  if (salts_used_ == salts_.size()) {
    salts_.resize(kSaltSize * kSaltsAtOnce);
    crypto::RandomBytes(salts_);
    salts_used_ = 0;
  }
  event.set_salt(salts_.data() + salts_used_, kSaltSize);
  salts_used_ += kSaltSize;
}

bool Journal::GroupIsFull() const {
  return sequence_ - sealed_ >= kMostSealedEvents || unsealed_bytes_ >= kMostSealedBytes;
}

void Journal::Stage(wire::Event& event) {
  if (GroupIsFull()) StageSeal(staged_);
  event.set_version(wire::kEventVersion);
  Salt(event);
  event.set_incarnation(incarnation_);
  event.set_sequence(++sequence_);
  if (event.wall_time() == 0) event.set_wall_time(options_.wall_now().time_since_epoch().count());
  if (event.boot_time() == 0)
    event.set_boot_time(static_cast<uint64_t>(BootClock::now().time_since_epoch().count()));
  wire::Bound(event);
  scratch_.clear();
  CHECK(event.AppendToString(&scratch_));
  CHECK(scratch_.size() <= wire::kMaxEventBytes);
  ++position_;
  staged_.Put(kRecords, View(RecordKey{position_, RecordKind::kEvent}.Encode()), scratch_);
  head_ = wire::Extend(head_, scratch_);
  bytes_ever_ += RecordKey::kSize + scratch_.size();
  unsealed_bytes_ += scratch_.size();
  if (event.has_intent()) {
    if (const auto id = wire::ParseExchange(event.intent().exchange())) open_.Open(*id, position_);
  } else if (event.has_outcome()) {
    if (const auto id = wire::ParseExchange(event.outcome().exchange())) open_.Close(*id);
  } else if (event.has_key_first_used()) {
    const std::string& key = event.key_first_used().key_id();
    staged_.Put(kMeta, std::string(kKeySeenPrefix) + key,
                View(RecordKey{position_, RecordKind::kEvent}.Encode()));
    keys_seen_.insert(key);
  }
}

void Journal::StageSeal(kv::Batch& batch) { StageSeal(batch, open_.Oldest(position_ + 1)); }

void Journal::StageSeal(kv::Batch& batch, uint64_t oldest_open) {
  const wire::Seal seal = wire::MakeSeal({incarnation_, sealed_ + 1, sequence_, head_}, key_);
  const size_t size = seal.ByteSizeLong();
  bytes_ever_ += RecordKey::kSize + SealNote::kSize + size;
  std::string value;
  value.reserve(SealNote::kSize + size);
  SealNote{bytes_ever_, oldest_open, options_.wall_now().time_since_epoch().count()}.AppendTo(value);
  CHECK(seal.AppendToString(&value));
  batch.Put(kRecords, View(RecordKey{position_, RecordKind::kSeal}.Encode()), value);
  sealed_ = sequence_;
  sealed_end_ = position_ + 1;
  unsealed_bytes_ = 0;
  ++seals_;
  chains_.Advance(sequence_, head_);
}

kv::Batch Journal::TakeBatch() {
  if (spare_.empty()) return kv::Batch();
  kv::Batch batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

Status Journal::Commit(kv::Batch batch) {
  written_end_ = sealed_end_;
  unsynced_bytes_ += batch.bytes();
  unsynced_.push_back(std::move(batch));
  return store_->Write(unsynced_.back(), kv::Durability::kUnsynced);
}

Status Journal::Write() {
  if (staged_.empty()) return Ok{};
  std::move(staged_holdings_.begin(), staged_holdings_.end(), std::back_inserter(unsynced_holdings_));
  staged_holdings_.clear();
  return Commit(std::exchange(staged_, TakeBatch()));
}

Status Journal::Seal() {
  CHECK(staged_.empty());
  if (sealed_ == sequence_) return Ok{};
  kv::Batch batch = TakeBatch();
  StageSeal(batch);
  return Commit(std::move(batch));
}

Status Journal::Sync() {
  if (unsynced_.empty()) return Ok{};
  RETURN_IF_ERROR(store_->SyncLog());
  for (kv::Batch& batch : unsynced_) {
    if (spare_.size() == kSpareBatches || batch.bytes() > kSpareBatchBytes) continue;
    batch.Clear();
    spare_.push_back(std::move(batch));
  }
  unsynced_.clear();
  unsynced_bytes_ = 0;
  synced_end_ = written_end_;
  std::move(unsynced_holdings_.begin(), unsynced_holdings_.end(), std::back_inserter(synced_holdings_));
  unsynced_holdings_.clear();
  return Ok{};
}

// What the disk holds now is some beginning of what was written. Writing all that was not known to be synced
// once more gives the same keys the same values, so it doesn't matter how much of it was there.
Status Journal::Reopen() {
  RETURN_IF_ERROR(store_->Reopen());
  for (const kv::Batch& batch : unsynced_) RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kUnsynced));
  return Sync();
}

// Positions from here on must stay.
uint64_t Journal::RemovableEnd() {
  const uint64_t open = open_.Oldest(position_ + 1);
  if (options_.retention == Retention::kByAge) return open;
  return std::min(open, chains_.FirstUnacknowledged());
}

Status Journal::Trim(WallTime before) {
  const int64_t wanted = before.time_since_epoch().count();
  return TrimUpTo([&](const SealNote& note) { return note.wall_time < wanted; });
}

Status Journal::TrimTo(uint64_t kept_bytes) {
  return TrimUpTo([&](const SealNote& note) { return bytes_ever_ - note.bytes_ever >= kept_bytes; });
}

Status Journal::TrimUpTo(const std::function<bool(const SealNote&)>& passes) {
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(*store_));
  ASSIGN_OR_RETURN(const auto seal,
                   LastSeal(*store_, {extent.first, std::min(extent.next, RemovableEnd())}, passes));
  if (!seal) return Ok{};
  const auto begin = RecordKey{0, RecordKind::kEvent}.Encode();
  const auto end = RecordKey{seal->position, RecordKind::kSeal}.Encode();
  kv::Batch batch;
  batch.DeleteRange(kRecords, View(begin), View(end));
  for (const uint64_t incarnation : chains_.Trim(seal->position + 1))
    batch.Delete(kMeta, AcknowledgedKey(incarnation));
  // Synced before any file goes: otherwise a power cut could leave a hole in the middle.
  RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kSynced));
  trimmed_bytes_ = seal->note.bytes_ever;
  oldest_ = WallTime(std::chrono::nanoseconds(seal->note.wall_time));
  return store_->ReclaimRange(kRecords, View(begin), View(end));
}

Result<Page> Journal::Read(const PageRequest& request) const { return ReadPage(*store_, request); }

Result<std::vector<SealedGroup>> Journal::ReadGroups(const Mark& after, size_t max_bytes) const {
  return ReadSealedGroups(*store_, chains_, after, synced_end_, max_bytes);
}

uint64_t Journal::acknowledged_bytes() const {
  return acknowledged_bytes_ > trimmed_bytes_ ? acknowledged_bytes_ - trimmed_bytes_ : 0;
}

Status Journal::CheckMarks(const std::vector<Mark>& marks) const {
  const Error other{ErrorCode::kInvalid, "the collector speaks of events that are not this record's"};
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(*store_));
  for (const Mark& mark : marks) {
    const Chain* chain = chains_.Find(mark.incarnation);
    if (chain == nullptr || mark.sequence == 0) continue;
    if (mark.sequence > chain->end.sequence) return other;
    const uint64_t position = chain->PositionOf(mark.sequence);
    ASSIGN_OR_RETURN(const auto placed, ReadSeal(*store_, position));
    if (placed ? placed->seal.head() != crypto::AsBytes(mark.head) : position >= extent.first) return other;
  }
  return Ok{};
}

Status Journal::Acknowledge(const std::vector<Mark>& marks, Claim claim) {
  kv::Batch batch = TakeBatch();
  for (const Mark& mark : marks) {
    const Chain* chain = chains_.Find(mark.incarnation);
    if (chain == nullptr || mark.sequence == chain->acknowledged) continue;
    if (claim == Claim::kAtLeast && mark.sequence < chain->acknowledged) continue;
    RETURN_IF_ERROR(chains_.SetAcknowledged(mark.incarnation, mark.sequence));
    std::string value;
    AppendNumber(value, mark.sequence);
    batch.Put(kMeta, AcknowledgedKey(mark.incarnation), value);
  }
  if (batch.empty()) return Ok{};
  RETURN_IF_ERROR(Commit(std::move(batch)));
  return NoteAcknowledgedBytes();
}

Status Journal::NoteAcknowledgedBytes() {
  ASSIGN_OR_RETURN(const auto placed, ReadSeal(*store_, chains_.FirstUnacknowledged() - 1));
  acknowledged_bytes_ = placed ? placed->note.bytes_ever : 0;
  return Ok{};
}

Status Journal::CheckIncarnation(uint64_t incarnation) const {
  if (incarnation == incarnation_) return Ok{};
  if (incarnation == 0 || chains_.Find(incarnation) != nullptr)
    return Error{ErrorCode::kInvalid, "an incarnation that was used before can't be begun again"};
  if (chains_.all().size() >= Chains::kMost)
    return Error{ErrorCode::kExhausted,
                 "the record holds events of too many incarnations that the collector hasn't acknowledged"};
  return Ok{};
}

// The rows that were staged or written for the former incarnation go with it.
Status Journal::BeginIncarnation(uint64_t incarnation) {
  CHECK(staged_.empty());
  RETURN_IF_ERROR(CheckIncarnation(incarnation));
  if (incarnation == incarnation_) return Ok{};
  if (sequence_ > sealed_) StageSeal(staged_);
  StageStart(incarnation);
  StageSeal(staged_);
  RETURN_IF_ERROR(Write());
  return Sync();
}

}  // namespace postern::spool
