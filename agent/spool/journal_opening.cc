// Opening a journal: what the last life left behind is made good, and this life begins.
#include <algorithm>
#include <utility>

#include "agent/spool/agent_key.h"
#include "agent/spool/journal.h"
#include "agent/spool/machine.h"
#include "agent/spool/page_reader.h"
#include "shared/crypto/random.h"

namespace postern::spool {
namespace {

std::string_view View(const std::array<char, RecordKey::kSize>& key) { return {key.data(), key.size()}; }

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
  RETURN_IF_ERROR(RecoverKeysSeen());
  RETURN_IF_ERROR(RecoverBeginning());
  RETURN_IF_ERROR(RecoverChain());
  if (position_ == 0) return Ok{};
  RETURN_IF_ERROR(RecoverOlderChains());
  RETURN_IF_ERROR(RecoverAcknowledged());
  RETURN_IF_ERROR(RecoverWallet());
  return RecoverExchanges(oldest_open_at_recovery_);
}

Status Journal::RecoverKeysSeen() {
  kv::Cursor cursor = store_->NewCursor(kMeta);
  for (cursor.Seek(kKeySeenPrefix); cursor.valid() && cursor.key().starts_with(kKeySeenPrefix);
       cursor.Next()) {
    keys_seen_.emplace(cursor.key().substr(kKeySeenPrefix.size()));
  }
  return cursor.status();
}

// What stands first says how much was trimmed and how old the rest is.
Status Journal::RecoverBeginning() {
  kv::Cursor cursor = store_->NewCursor(kRecords);
  cursor.SeekToFirst();
  if (!cursor.valid()) return cursor.status();
  const auto key = RecordKey::Decode(cursor.key());
  std::string_view value = cursor.value();
  if (key && key->kind == RecordKind::kSeal) {
    const auto note = SealNote::TakeFrom(value);
    if (!note) return Damaged(key->position, "is followed by something that is not a seal");
    trimmed_bytes_ = note->bytes_ever;
    oldest_ = WallTime(std::chrono::nanoseconds(note->wall_time));
    return Ok{};
  }
  wire::Event event;
  if (event.ParseFromArray(value.data(), static_cast<int>(value.size())))
    oldest_ = WallTime(std::chrono::nanoseconds(event.wall_time()));
  return Ok{};
}

// Goes to the first record after the last seal, whose state it takes over. False where there is no seal.
Result<bool> Journal::RecoverLastSeal(kv::Cursor& cursor) {
  const auto is_event = [&] {
    const auto key = RecordKey::Decode(cursor.key());
    return key && key->kind == RecordKind::kEvent;
  };
  for (cursor.SeekToLast(); cursor.valid() && is_event();) cursor.Previous();
  if (!cursor.valid()) {
    RETURN_IF_ERROR(cursor.status());
    cursor.SeekToFirst();
    return false;
  }
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
  return true;
}

// The head after the last seal is the seal's; from there the few unsealed events are hashed again. Where they
// are more than a group may hold (an earlier version of this program sealed more at once), they are sealed in
// several; the notes of these seals may name an older open exchange than the oldest, which is as good.
Status Journal::RecoverChain() {
  kv::Cursor cursor = store_->NewCursor(kRecords);
  ASSIGN_OR_RETURN(const bool sealed, RecoverLastSeal(cursor));
  if (sealed) chains_ = Chains({{incarnation_, sealed_, head_}, position_ - sequence_ + 1});
  for (; cursor.valid(); cursor.Next()) {
    wire::Event event;
    const std::string_view value = cursor.value();
    if (!event.ParseFromArray(value.data(), static_cast<int>(value.size())))
      return Damaged(position_ + 1, "can't be read");
    const auto key = RecordKey::Decode(cursor.key());
    if (!key || key->position != position_ + 1 || event.sequence() != sequence_ + 1)
      return Damaged(position_ + 1, "is missing");
    incarnation_ = event.incarnation();
    if (sequence_ == 0) chains_ = Chains({{incarnation_, 0, wire::kFirstHead}, key->position});
    if (GroupIsFull()) StageSeal(staged_, oldest_open_at_recovery_);
    head_ = wire::Extend(head_, value);
    ++sequence_;
    ++position_;
    bytes_ever_ += RecordKey::kSize + value.size();
    unsealed_bytes_ += value.size();
  }
  return cursor.status();
}

// A chain ends with a seal right before the next one begins, and the seal says how long it is.
Status Journal::RecoverOlderChains() {
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(*store_));
  for (uint64_t first = chains_.all().front().first_position; first > extent.first;) {
    ASSIGN_OR_RETURN(const auto placed, ReadSeal(*store_, first - 1));
    if (!placed || placed->seal.last_sequence() == 0 || placed->seal.last_sequence() >= first)
      return Damaged(first - 1, "is not followed by the seal of its incarnation");
    Chain older{{placed->seal.incarnation(), placed->seal.last_sequence(), {}},
                first - placed->seal.last_sequence()};
    std::copy(placed->seal.head().begin(), placed->seal.head().end(), older.end.head.begin());
    chains_.Precede(older);
    first = older.first_position;
  }
  return Ok{};
}

Status Journal::RecoverAcknowledged() {
  for (const Mark& end : chains_.Ends()) {
    ASSIGN_OR_RETURN(const auto value, store_->Get(kMeta, AcknowledgedKey(end.incarnation)));
    if (!value) continue;
    if (value->size() != 8 || !chains_.Acknowledge(end.incarnation, ReadNumber(*value)))
      return Error{ErrorCode::kCorrupt,
                   "the agent's state is damaged: more is acknowledged than there is; keep a copy of the "
                   "directory as evidence, then move it away"};
  }
  return NoteAcknowledgedBytes();
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
  machine_ = HashMachine(options_.machine_id_file);
  const std::string key_id = wire::KeyId(key_.public_key());
  ASSIGN_OR_RETURN(const auto identity, store_->Get(kMeta, kIdentityKey));
  staged_.Put(kMeta, std::string(kPublicKeyPrefix) + key_id, key_.public_key().raw());
  if (sequence_ > sealed_) StageSeal(staged_);
  if (oldest_ == WallTime{}) oldest_ = options_.wall_now();
  const bool another = sequence_ == 0 || !identity || *identity != Identity();
  StageStart(another ? RandomNumber() : incarnation_);
  SettleInterrupted();
  StageSeal(staged_);
  RETURN_IF_ERROR(Write());
  return Sync();
}

// This life's start, in the incarnation that is or in a new one.
void Journal::StageStart(uint64_t incarnation) {
  wire::Event event;
  wire::Start& start = *event.mutable_start() = options_.start;
  if (incarnation != incarnation_) SwitchIncarnation(incarnation, start);
  start.set_machine(machine_);
  start.set_public_key(std::string(key_.public_key().raw()));
  Stage(event);
}

void Journal::SwitchIncarnation(uint64_t incarnation, wire::Start& start) {
  if (sequence_ != 0) {
    start.set_previous_incarnation(incarnation_);
    start.set_previous_head(std::string(crypto::AsBytes(head_)));
    chains_.Begin(incarnation, position_ + 1);
  } else {
    chains_ = Chains({{incarnation, 0, wire::kFirstHead}, position_ + 1});
  }
  incarnation_ = incarnation;
  head_ = wire::kFirstHead;
  sequence_ = sealed_ = 0;
  EraseRows();
  staged_.Put(kMeta, kIdentityKey, Identity());
}

std::string Journal::Identity() const {
  std::string identity;
  AppendNumber(identity, incarnation_);
  return identity + machine_ + wire::KeyId(key_.public_key());
}

}  // namespace postern::spool
