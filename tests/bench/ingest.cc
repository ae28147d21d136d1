#include "tests/bench/ingest.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "collector/intake/fair_queue.h"
#include "collector/intake/hand_over.h"
#include "collector/intake/recorder.h"
#include "collector/store/layout.h"
#include "collector/store/rocks_store.h"
#include "collector/store/staging.h"
#include "shared/base/clock.h"
#include "shared/kv/profile.h"
#include "shared/wire/conversation.h"

namespace postern::bench {
namespace {

constexpr size_t kBatchWeight = size_t{4} << 20;  // intake's
constexpr bus::Peer kNobody{};

// Of this thread, ever.
double ProcessorSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Intake without the bus and without what it tells agents.
class Line {
 public:
  Line(const SignedTraffic& traffic, store::Store& store)
      : traffic_(traffic), store_(store), recorder_(store, agents_, presence_, progress_, WallNow) {
    for (const wire::AgentRecord& record : traffic.agents) agents_.Put(record);
  }

  Status Run(std::vector<store::Change>& changes) {
    std::thread committing([&] {
      Commit(changes);
      processing_.committing = ProcessorSeconds();
    });
    std::thread verifying([&] {
      for (auto some = queue_.Take(kBatchWeight); !some.empty(); some = queue_.Take(kBatchWeight))
        hand_over_.Put(recorder_.Verify(std::move(some)));
      hand_over_.Close();
      processing_.verifying = ProcessorSeconds();
    });
    const double before = ProcessorSeconds();
    Decode();
    processing_.decoding = ProcessorSeconds() - before;
    queue_.Close();
    verifying.join();
    committing.join();
    uint64_t committed = 0;
    for (const store::Change& change : changes) committed += change.events.size();
    if (committed == traffic_.events) return Ok{};
    return Error{ErrorCode::kCorrupt, std::to_string(traffic_.events - committed) + " events were not taken" +
                                          (trouble_.empty() ? "" : ": " + trouble_)};
  }

  const Processing& processing() const { return processing_; }

 private:
  void Decode() {
    for (const Frame& frame : traffic_.frames) {
      auto message = wire::DecodeFromAgent(frame.bytes);
      if (!message) continue;
      intake::Submission submission{.agent = frame.agent, .peer = kNobody, .greeting = 1, .events = {}};
      submission.events.Swap(message->mutable_events());
      while (!queue_.WaitForRoom(std::chrono::milliseconds(100))) {
      }
      // An agent has at most 4 MiB on the way; here it waits for itself.
      for (;;) {
        intake::Submission copy = submission;
        if (queue_.Push(std::move(copy)) == intake::FairQueue::Taken::kYes) break;
        std::this_thread::yield();
      }
    }
  }

  void Commit(std::vector<store::Change>& changes) {
    for (auto work = hand_over_.Take(); !work.ended; work = hand_over_.Take()) {
      if (!work.batch) continue;
      if (!work.batch->change.empty()) {
        const auto receipt = store_.Commit(work.batch->change);
        if (!receipt) trouble_ = receipt.error().message;
        else changes.push_back(std::move(work.batch->change));
      }
      progress_.committed = work.batch->number;
    }
  }

  const SignedTraffic& traffic_;
  store::Store& store_;
  intake::AgentTable agents_;
  intake::Presence presence_;
  intake::Progress progress_;
  intake::FairQueue queue_{{}};
  intake::HandOver hand_over_;
  intake::Recorder recorder_;
  std::string trouble_;
  Processing processing_;
};

// Repeats a batch into another.
class Repeat : public rocksdb::WriteBatch::Handler {
 public:
  Repeat(rocksdb::WriteBatch& batch, const std::vector<rocksdb::ColumnFamilyHandle*>& families)
      : batch_(batch), families_(families) {}

  rocksdb::Status PutCF(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    return batch_.Put(families_[family], key, value);
  }
  rocksdb::Status MergeCF(uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    return batch_.Merge(families_[family], key, value);
  }
  rocksdb::Status DeleteCF(uint32_t family, const rocksdb::Slice& key) override {
    return batch_.Delete(families_[family], key);
  }

 private:
  rocksdb::WriteBatch& batch_;
  const std::vector<rocksdb::ColumnFamilyHandle*>& families_;
};

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// RocksDB as shared/kv sets it up; `families` by their numbers.
Result<std::unique_ptr<rocksdb::DB>> OpenBare(const std::string& directory,
                                              std::vector<rocksdb::ColumnFamilyHandle*>& families) {
  const kv::Options options = store::StoreOptions();
  const auto cache = kv::CacheOf(options.profile);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           kv::FamilyOf(options.profile, kv::MergeRule::kNone, cache));
  for (const kv::FamilyOptions& family : options.families)
    descriptors.emplace_back(family.name, kv::FamilyOf(options.profile, family.merge, cache));
  std::filesystem::create_directories(directory);
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(kv::DatabaseOf(options.profile), directory, descriptors, &families, &opened);
  if (!status.ok()) return Error{ErrorCode::kUnavailable, status.ToString()};
  return std::unique_ptr<rocksdb::DB>(opened);
}

}  // namespace

Result<Ingested> Ingest(const SignedTraffic& traffic, const std::string& directory) {
  ASSIGN_OR_RETURN(const auto store, store::OpenRocksStore({.directory = directory}));
  Ingested ingested;
  Line line(traffic, *store);
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(line.Run(ingested.changes));
  ingested.seconds = SecondsSince(begin);
  ingested.processing = line.processing();
  return ingested;
}

Result<Rows> Rows::Of(const std::vector<store::Change>& changes, const std::string& scratch) {
  ASSIGN_OR_RETURN(const auto store, kv::Store::Open(scratch, store::StoreOptions()));
  Rows rows;
  store::Totals totals;
  kv::Batch batch;
  for (const store::Change& change : changes) {
    store::Staging staging(*store, totals, batch);
    const auto receipt = staging.Add(change);
    if (!receipt) return receipt.error();
    RETURN_IF_ERROR(staging.Finish());
    rows.batches_.emplace_back(batch.as_logged());
    RETURN_IF_ERROR(store->Write(batch, kv::Durability::kUnsynced));
    totals = staging.totals();
  }
  return rows;
}

uint64_t Rows::count() const {
  uint64_t count = 0;
  for (const std::string& batch : batches_) count += rocksdb::WriteBatch(batch).Count();
  return count;
}

Result<Rows::Written> Rows::Write(const std::string& directory) const {
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  ASSIGN_OR_RETURN(const auto database, OpenBare(directory, families));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const double before = ProcessorSeconds();
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& logged : batches_) {
    rocksdb::WriteBatch batch;
    Repeat repeat(batch, families);
    rocksdb::Status status = rocksdb::WriteBatch(logged).Iterate(&repeat);
    if (status.ok()) status = database->Write(synced, &batch);
    if (!status.ok()) return Error{ErrorCode::kUnavailable, status.ToString()};
  }
  const Written written{SecondsSince(begin), ProcessorSeconds() - before};
  for (rocksdb::ColumnFamilyHandle* family : families) database->DestroyColumnFamilyHandle(family);
  return written;
}

}  // namespace postern::bench
