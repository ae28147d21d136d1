#include "agent/spool/journal.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "agent/spool/agent_key.h"
#include "agent/spool/page_reader.h"
#include "shared/crypto/random.h"
#include "shared/crypto/sha256.h"

namespace postern::spool {
namespace {

constexpr size_t kSaltSize = 16;
constexpr size_t kSaltsAtOnce = 64;
constexpr size_t kSpareBatches = 4;
constexpr size_t kSpareBatchBytes = 256 * 1024;

std::string_view View(const std::array<char, RecordKey::kSize>& key) { return {key.data(), key.size()}; }

// machine-id(5) asks not to show the id itself to others; its hash is enough to see that it changed.
std::string HashMachine(const std::string& file) {
  std::ifstream in(file);
  const std::string id((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return std::string(crypto::AsBytes(crypto::Sha256("postern machine v1\n" + id)));
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  while (number == 0) crypto::RandomBytes({reinterpret_cast<uint8_t*>(&number), sizeof(number)});
  return number;
}

Error Damaged(uint64_t position, std::string_view how) {
  return {ErrorCode::kCorrupt, "the agent's state is damaged: event " + std::to_string(position) + " " +
                                   std::string(how) +
                                   "; keep a copy of the directory as evidence, then move it away"};
}

}  // namespace

Journal::Journal(JournalOptions options, std::unique_ptr<kv::Store> store, crypto::SigningKey key)
    : options_(std::move(options)), store_(std::move(store)), key_(std::move(key)) {}

Result<std::unique_ptr<Journal>> Journal::Open(JournalOptions options) {
  // The store's lock comes first: two agents must not both make a key.
  ASSIGN_OR_RETURN(auto store,
                   kv::Store::Open(StoreDirectory(options.directory), StoreOptions(options.faults)));
  ASSIGN_OR_RETURN(auto key, LoadOrMakeKey(options.directory));
  std::unique_ptr<Journal> journal(new Journal(std::move(options), std::move(store), std::move(key)));
  RETURN_IF_ERROR(journal->Recover());
  RETURN_IF_ERROR(journal->Begin());
  return journal;
}

Status Journal::Recover() {
  RETURN_IF_ERROR(RecoverChain());
  RETURN_IF_ERROR(RecoverExchanges(oldest_open_at_recovery_));
  return Ok{};
}

// The head after the last seal is the seal's; from there the few unsealed events are hashed again.
Status Journal::RecoverChain() {
  kv::Cursor cursor = store_->NewCursor(kRecords);
  cursor.SeekToFirst();
  if (cursor.valid()) {
    const auto key = RecordKey::Decode(cursor.key());
    std::string_view value = cursor.value();
    if (key && key->kind == RecordKind::kSeal) {
      const auto note = SealNote::TakeFrom(value);
      if (!note) return Damaged(key->position, "is followed by something that is not a seal");
      trimmed_bytes_ = note->bytes_ever;
      oldest_ = WallTime(std::chrono::nanoseconds(note->wall_time));
    } else {
      wire::Event event;
      if (event.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        oldest_ = WallTime(std::chrono::nanoseconds(event.wall_time()));
      }
    }
  }

  const auto is_event = [&] {
    const auto key = RecordKey::Decode(cursor.key());
    return key && key->kind == RecordKind::kEvent;
  };
  for (cursor.SeekToLast(); cursor.valid() && is_event();) cursor.Previous();
  if (!cursor.valid()) {
    cursor.SeekToFirst();
  } else {
    const auto key = RecordKey::Decode(cursor.key());
    std::string_view value = cursor.value();
    const auto note = SealNote::TakeFrom(value);
    wire::Seal seal;
    if (!key || !note || !seal.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
        seal.head().size() != head_.size()) {
      return Damaged(key ? key->position : 0, "is followed by something that is not a seal");
    }
    incarnation_ = seal.incarnation();
    sequence_ = sealed_ = seal.last_sequence();
    position_ = key->position;
    std::copy(seal.head().begin(), seal.head().end(), head_.begin());
    bytes_ever_ = note->bytes_ever;
    oldest_open_at_recovery_ = note->oldest_open;
    cursor.Next();
  }
  for (; cursor.valid(); cursor.Next()) {
    wire::Event event;
    const std::string_view value = cursor.value();
    if (!event.ParseFromArray(value.data(), static_cast<int>(value.size())))
      return Damaged(position_ + 1, "can't be read");
    const auto key = RecordKey::Decode(cursor.key());
    if (!key || key->position != position_ + 1 || event.sequence() != sequence_ + 1)
      return Damaged(position_ + 1, "is missing");
    head_ = wire::Extend(head_, value);
    incarnation_ = event.incarnation();
    ++sequence_;
    ++position_;
    bytes_ever_ += RecordKey::kSize + value.size();
  }
  return cursor.status();
}

Status Journal::RecoverExchanges(uint64_t from) {
  kv::Cursor cursor = store_->NewCursor(kRecords);
  for (cursor.Seek(View(RecordKey{from, RecordKind::kEvent}.Encode())); cursor.valid(); cursor.Next()) {
    const auto key = RecordKey::Decode(cursor.key());
    if (!key || key->kind == RecordKind::kSeal) continue;
    const std::string_view value = cursor.value();
    wire::Event event;
    if (!event.ParseFromArray(value.data(), static_cast<int>(value.size())))
      return Damaged(key->position, "can't be read");
    if (event.has_intent()) {
      if (const auto id = wire::ParseExchange(event.intent().exchange())) open_.Open(*id, key->position);
    } else if (event.has_outcome()) {
      if (const auto id = wire::ParseExchange(event.outcome().exchange())) open_.Close(*id);
    }
  }
  return cursor.status();
}

// One synced write: whatever happens before it, the next Open finds the same and does the same; after it,
// nothing is left to do.
Status Journal::Begin() {
  const std::string machine = HashMachine(options_.machine_id_file);
  const std::string key_id = wire::KeyId(key_.public_key());
  ASSIGN_OR_RETURN(const auto identity, store_->Get(kMeta, kIdentityKey));
  std::string known;
  AppendNumber(known, incarnation_);
  known += machine + key_id;

  staged_.Put(kMeta, std::string(kPublicKeyPrefix) + key_id, key_.public_key().raw());
  if (sequence_ > sealed_) StageSeal(staged_);
  wire::Event event;
  wire::Start& start = *event.mutable_start() = options_.start;
  if (sequence_ == 0 || !identity || *identity != known) BeginIncarnation(machine, start);
  start.set_machine(machine);
  start.set_public_key(std::string(key_.public_key().raw()));
  if (oldest_ == WallTime{}) oldest_ = options_.wall_now();
  Stage(event);
  for (const ExchangeId& exchange : open_.All()) {
    wire::Event settled;
    wire::Outcome& outcome = *settled.mutable_outcome();
    outcome.set_exchange(std::string(exchange.raw()));
    outcome.set_ending(wire::ENDING_INTERRUPTED);
    outcome.set_estimated(true);
    Stage(settled);
  }
  StageSeal(staged_);
  RETURN_IF_ERROR(Write());
  return Sync();
}

void Journal::BeginIncarnation(const std::string& machine, wire::Start& start) {
  if (sequence_ != 0) {
    start.set_previous_incarnation(incarnation_);
    start.set_previous_head(std::string(crypto::AsBytes(head_)));
  }
  incarnation_ = RandomNumber();
  head_ = wire::kFirstHead;
  sequence_ = sealed_ = 0;
  std::string identity;
  AppendNumber(identity, incarnation_);
  identity += machine + wire::KeyId(key_.public_key());
  staged_.Put(kMeta, kIdentityKey, identity);
}

void Journal::Salt(wire::Event& event) {
  if (salts_used_ == salts_.size()) {
    salts_.resize(kSaltSize * kSaltsAtOnce);
    crypto::RandomBytes(salts_);
    salts_used_ = 0;
  }
  event.set_salt(salts_.data() + salts_used_, kSaltSize);
  salts_used_ += kSaltSize;
}

void Journal::Stage(wire::Event& event) {
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
  if (event.has_intent()) {
    if (const auto id = wire::ParseExchange(event.intent().exchange())) open_.Open(*id, position_);
  } else if (event.has_outcome()) {
    if (const auto id = wire::ParseExchange(event.outcome().exchange())) open_.Close(*id);
  }
}

void Journal::StageSeal(kv::Batch& batch) {
  const wire::Seal seal = wire::MakeSeal({incarnation_, sealed_ + 1, sequence_, head_}, key_);
  const size_t size = seal.ByteSizeLong();
  bytes_ever_ += RecordKey::kSize + SealNote::kSize + size;
  std::string value;
  value.reserve(SealNote::kSize + size);
  SealNote{bytes_ever_, open_.Oldest(position_ + 1), options_.wall_now().time_since_epoch().count()}.AppendTo(
      value);
  CHECK(seal.AppendToString(&value));
  batch.Put(kRecords, View(RecordKey{position_, RecordKind::kSeal}.Encode()), value);
  sealed_ = sequence_;
}

kv::Batch Journal::TakeBatch() {
  if (spare_.empty()) return kv::Batch();
  kv::Batch batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

Status Journal::Commit(kv::Batch batch) {
  unsynced_bytes_ += batch.bytes();
  unsynced_.push_back(std::move(batch));
  return store_->Write(unsynced_.back(), kv::Durability::kUnsynced);
}

Status Journal::Write() {
  if (staged_.empty()) return Ok{};
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
  return Ok{};
}

// What the disk holds now is some beginning of what was written. Writing all that was not known to be synced
// once more gives the same keys the same values, so it doesn't matter how much of it was there.
Status Journal::Reopen() {
  RETURN_IF_ERROR(store_->Reopen());
  for (const kv::Batch& batch : unsynced_) RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kUnsynced));
  return Sync();
}

Status Journal::Trim(WallTime before) {
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(*store_));
  const Extent closed{extent.first, std::min(extent.next, open_.Oldest(position_ + 1))};
  ASSIGN_OR_RETURN(const auto seal, LastSealBefore(*store_, closed, before));
  if (!seal) return Ok{};
  const auto begin = RecordKey{0, RecordKind::kEvent}.Encode();
  const auto end = RecordKey{seal->position, RecordKind::kSeal}.Encode();
  kv::Batch batch;
  batch.DeleteRange(kRecords, View(begin), View(end));
  // Synced before any file goes: otherwise a power cut could leave a hole in the middle.
  RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kSynced));
  trimmed_bytes_ = seal->note.bytes_ever;
  oldest_ = WallTime(std::chrono::nanoseconds(seal->note.wall_time));
  return store_->ReclaimRange(kRecords, View(begin), View(end));
}

Result<Page> Journal::Read(const PageRequest& request) const { return ReadPage(*store_, request); }

}  // namespace postern::spool
