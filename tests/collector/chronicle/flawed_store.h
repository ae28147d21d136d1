// A store in memory whose commits can be made to fail, before or after they were applied, and that others can
// write to in between.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/memory_store.h"

namespace postern::chronicle {

enum class Flaw { kNone, kBefore, kAfter };  // fails before, after it was applied

class FlawedStore : public store::Store {
 public:
  Flaw flaw = Flaw::kNone;              // of the next commit
  std::function<void()> before_commit;  // before the next one

  uint64_t commits() const { return commits_; }
  store::Store& real() { return *real_; }

  Result<store::Receipt> Commit(const store::Change& change) override {
    const auto [call, now] = Taken();
    if (call) call();
    const Error failed{ErrorCode::kUnavailable, "the disk failed"};
    if (now == Flaw::kBefore) return failed;
    auto receipt = real_->Commit(change);
    if (receipt) ++commits_;
    if (receipt && now == Flaw::kAfter) return failed;
    return receipt;
  }
  Result<std::vector<store::Entry>> Entries(store::Leaf first, size_t limit) override {
    auto entries = real_->Entries(first, limit);
    if (entries && change_entry) {
      for (size_t i = 0; i < entries->size(); ++i)
        change_entry(static_cast<uint64_t>(first) + i, entries->at(i));
    }
    return entries;
  }
  Result<std::vector<store::StoredEvent>> Events(const std::vector<store::Leaf>& leaves) override {
    auto events = real_->Events(leaves);
    if (events && change_event) {
      for (store::StoredEvent& event : *events) change_event(event);
    }
    return events;
  }
  Result<store::Leaf> Locate(const std::string& agent, uint64_t incarnation, uint64_t sequence) override {
    return real_->Locate(agent, incarnation, sequence);
  }
  Result<uint64_t> RemoveBodies(WallTime before, const std::vector<std::string>& kinds) override {
    return real_->RemoveBodies(before, kinds);
  }
  Result<std::optional<store::Chain>> FindChain(const std::string& agent, uint64_t incarnation) override {
    return real_->FindChain(agent, incarnation);
  }
  Result<std::vector<store::Chain>> Chains(const std::string& agent) override {
    auto chains = real_->Chains(agent);
    if (chains && change_chain) {
      for (store::Chain& chain : *chains) change_chain(chain);
    }
    return chains;
  }
  Result<std::vector<crypto::Digest>> Digests(const std::string& agent, uint64_t incarnation, uint64_t first,
                                              size_t limit) override {
    return real_->Digests(agent, incarnation, first, limit);
  }
  Result<std::vector<store::SetAside>> ListSetAside(const std::string& agent, size_t limit) override {
    return real_->ListSetAside(agent, limit);
  }
  Result<store::EventPage> Find(const store::EventFilter& filter, const std::optional<store::Cursor>& cursor,
                                size_t limit) override {
    return real_->Find(filter, cursor, limit);
  }
  Result<std::vector<store::SumRow>> Sum(const store::SumQuery& query) override { return real_->Sum(query); }
  Result<std::optional<store::Record>> Get(store::RecordKind kind, const std::string& id) override {
    return real_->Get(kind, id);
  }
  Result<store::RecordPage> List(store::RecordKind kind, const std::optional<std::string>& label,
                                 const std::optional<store::Cursor>& cursor, size_t limit) override {
    return real_->List(kind, label, cursor, limit);
  }
  Result<std::vector<store::Record>> ChangedSince(uint64_t revision, size_t limit) override {
    return real_->ChangedSince(revision, limit);
  }
  Result<store::LedgerPage> ListLedger(const std::optional<store::Cursor>& cursor, size_t limit) override {
    return real_->ListLedger(cursor, limit);
  }
  store::StoreStats stats() override { return real_->stats(); }
  Status Backup(const std::string& directory) override { return real_->Backup(directory); }
  Result<std::vector<std::string>> Check(const std::function<void(uint64_t, uint64_t)>& progress) override {
    return real_->Check(progress);
  }

  // Damage, as a reader meets it.
  std::function<void(uint64_t leaf, store::Entry&)> change_entry;
  std::function<void(store::StoredEvent&)> change_event;
  std::function<void(store::Chain&)> change_chain;

 private:
  // Two threads may commit at once: each is for one of them.
  std::pair<std::function<void()>, Flaw> Taken() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(before_commit, {}), std::exchange(flaw, Flaw::kNone)};
  }

  std::mutex mutex_;
  std::unique_ptr<store::Store> real_ = store::MakeMemoryStore();
  std::atomic<uint64_t> commits_{0};
};

}  // namespace postern::chronicle
