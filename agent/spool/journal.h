// The record on disk: events that become a chain, in a store that survives what README.md says it survives.
//
//   Stage  →  Write            →  Seal                    →  Sync
//   chained   survives kill -9    signed (a write of its own)  survives a power cut
//
// Fails closed: once a write or a sync has failed, nothing is written until Reopen has read back what the
// disk holds and written again what it may have lost. Until they are synced the batches are kept in memory
// for that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/spool/chains.h"
#include "agent/spool/event_stream.h"
#include "agent/spool/group_reader.h"
#include "agent/spool/layout.h"
#include "agent/spool/open_exchanges.h"
#include "agent/spool/wallet_rows.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/kv/store.h"
#include "shared/wire/chain.h"
#include "shared/wire/event.h"

namespace postern::spool {

// How long records are kept.
enum class Retention {
  kByAge,         // a lone host: for some days, then they are trimmed
  kAcknowledged,  // with a collector: what it hasn't acknowledged is never trimmed
};

struct JournalOptions {
  std::string directory;  // the state directory; made where there is none
  std::string machine_id_file = "/etc/machine-id";
  wire::Start start;  // what the agent says of itself; key, machine and previous incarnation are filled in
  Retention retention = Retention::kByAge;
  std::function<WallTime()> wall_now = WallNow;
  std::shared_ptr<kv::Faults> faults{};  // for tests
};

// Owned by the spool thread.
class Journal {
 public:
  // Opens or makes the state. What the last life left behind is made good before this returns, in one synced
  // write together with this life's start: its unsealed end is sealed, its open exchanges are settled as
  // interrupted, at what was reserved for them; what was reserved for exchanges without an intent is free. A
  // state that is fresh, from another machine, or without its key gets a new incarnation.
  // Errors as kv::Store::Open and LoadOrMakeKey; kCorrupt also when the end of the chain doesn't fit
  // together.
  static Result<std::unique_ptr<Journal>> Open(JournalOptions options);

  // Makes the event the next of the chain; fills in its head and cuts it to size. It is on no disk until
  // Write. Seals what came before where that is as much as a group may hold.
  void Stage(wire::Event& event);

  // The same with rows, which Write writes in one batch with it; or rows alone. Rows of another incarnation
  // are passed over, and so are the charges of an outcome that comes with them.
  void Stage(wire::Event& event, WalletRows&& rows);
  void Stage(WalletRows&& rows);

  // Writes what was staged since the last Write as one batch. After an error: Reopen.
  Status Write();

  // Signs and writes the head, if an event was written since the last seal. After an error: Reopen.
  Status Seal();

  // After an error: Reopen.
  Status Sync();

  // Opens the store again and brings everything that was staged before to the disk, synced. May be tried
  // again after an error.
  Status Reopen();

  // Removes the oldest events up to a seal that is older than `before`, open exchanges and everything after
  // them excepted, and with Retention::kAcknowledged what isn't acknowledged. The seal stays: it is what the
  // rest of the chain goes on from. After an error: Reopen.
  Status Trim(WallTime before);

  // The same, until about so many bytes are kept or nothing more may be removed, however old it is.
  Status TrimTo(uint64_t kept_bytes);

  // As ReadPage; sees what was written.
  Result<Page> Read(const PageRequest& request) const;

  // As ReadSealedGroups; sees what is synced. A mark with incarnation 0: from what isn't acknowledged.
  Result<std::vector<SealedGroup>> ReadGroups(const Mark& after, size_t max_bytes) const;

  // Whether each mark is one of this record's chains. kInvalid where one isn't. Marks of chains that are no
  // longer kept, and heads of what was trimmed, are not looked at.
  Status CheckMarks(const std::vector<Mark>& marks) const;

  // Writes down that the collector has all up to these marks, which have been checked: at least (older ones
  // change nothing), or exactly. Nothing to write is Ok. After an error: Reopen.
  enum class Claim { kAtLeast, kExactly };
  Status Acknowledge(const std::vector<Mark>& marks, Claim claim);

  // kInvalid or kExhausted where BeginIncarnation can't begin it.
  Status CheckIncarnation(uint64_t incarnation) const;

  // Seals the present chain and begins this one with a start, in one synced write. Nothing where it is the
  // present one. What is staged must have been written. After an error: Reopen, which finishes it.
  Status BeginIncarnation(uint64_t incarnation);

  // Whether a key_first_used for this key was ever staged here. Once for ever: it outlives trimming and
  // incarnations.
  bool HasSeenKey(const std::string& key_id) const { return keys_seen_.contains(key_id); }

  // What the wallet begins with: the holdings as Open has left them.
  const WalletRows& wallet_rows() const { return wallet_rows_; }
  // Holdings that were synced since the last call, in their order.
  WalletRows TakeSyncedHoldings();

  bool IsOpen(const ExchangeId& exchange) const { return open_.contains(exchange); }
  size_t open_exchanges() const { return open_.size(); }
  bool poisoned() const { return store_->poisoned(); }
  uint64_t incarnation() const { return incarnation_; }
  const crypto::PublicKey& public_key() const { return key_.public_key(); }
  uint64_t next_position() const { return position_ + 1; }
  uint64_t unsealed() const { return sequence_ - sealed_; }
  // As Chains; of the present chain what is sealed, though it may not be synced yet.
  const Chains& chains() const { return chains_; }
  bool all_sealed_is_synced() const { return synced_end_ == sealed_end_; }
  uint64_t seals() const { return seals_; }  // made since Open
  uint64_t kept_bytes() const { return bytes_ever_ - trimmed_bytes_; }
  uint64_t acknowledged_bytes() const;  // of what is kept, as far as nothing before it is unacknowledged
  uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  WallTime oldest() const { return oldest_; }  // about when the oldest kept event was written

 private:
  Journal(JournalOptions options, std::unique_ptr<kv::Store> store, crypto::SigningKey key);

  Status Recover();
  Status RecoverBeginning();
  Result<bool> RecoverLastSeal(kv::Cursor& cursor);
  Status RecoverChain();
  Status RecoverOlderChains();
  Status RecoverAcknowledged();
  Status RecoverExchanges(uint64_t from);
  Status RecoverKeysSeen();
  Status RecoverWallet();
  void SettleInterrupted();
  void EraseRows();
  Status Begin();
  void StageStart(uint64_t incarnation);
  void SwitchIncarnation(uint64_t incarnation, wire::Start& start);
  std::string Identity() const;
  bool GroupIsFull() const;
  void StageSeal(kv::Batch& batch);
  void StageSeal(kv::Batch& batch, uint64_t oldest_open);
  uint64_t RemovableEnd();
  Status TrimUpTo(const std::function<bool(const SealNote&)>& passes);
  Status NoteAcknowledgedBytes();
  Status Commit(kv::Batch batch);
  kv::Batch TakeBatch();
  void Salt(wire::Event& event);

  JournalOptions options_;
  std::unique_ptr<kv::Store> store_;
  crypto::SigningKey key_;

  uint64_t incarnation_ = 0;
  wire::Head head_{};
  uint64_t sequence_ = 0;  // of the last staged event
  uint64_t position_ = 0;
  uint64_t sealed_ = 0;  // sequence of the last sealed event
  uint64_t unsealed_bytes_ = 0;
  uint64_t seals_ = 0;
  std::string machine_;
  Chains chains_{Chain{}};
  uint64_t sealed_end_ =
      1;  // position after the last sealed event; then of those that are written, and synced
  uint64_t written_end_ = 1;
  uint64_t synced_end_ = 1;
  uint64_t bytes_ever_ = 0;
  uint64_t trimmed_bytes_ = 0;
  uint64_t acknowledged_bytes_ = 0;  // as bytes_ever_, of what precedes the first unacknowledged event
  WallTime oldest_{};
  uint64_t oldest_open_at_recovery_ = 1;
  OpenExchanges open_;
  std::set<std::string> keys_seen_;
  WalletRows wallet_rows_;
  std::vector<wallet::HoldingRecord> staged_holdings_, unsynced_holdings_, synced_holdings_;

  kv::Batch staged_;
  std::vector<kv::Batch> unsynced_;  // written, or to be written again after Reopen
  std::vector<kv::Batch> spare_;
  uint64_t unsynced_bytes_ = 0;
  std::string scratch_;
  std::vector<uint8_t> salts_;  // drawn in advance: one draw of many is much cheaper
  size_t salts_used_ = 0;
};

}  // namespace postern::spool
