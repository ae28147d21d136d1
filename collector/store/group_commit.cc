#include "collector/store/group_commit.h"

#include "shared/base/check.h"

namespace postern::store {
namespace {

size_t SizeOf(const Change& change) {
  size_t size = 0;
  for (const NewEvent& event : change.events) size += event.bytes.size();
  for (const SetAside& group : change.set_aside) size += group.bytes.size();
  for (const LedgerRow& row : change.ledger) size += row.key.size() + row.value.size();
  return size;
}

}  // namespace

GroupCommit::Group GroupCommit::TakeGroup() {
  Group group;
  size_t bytes = 0;
  while (!queue_.empty() && (group.empty() || bytes < kMaxGroupBytes)) {
    bytes += SizeOf(*queue_.front()->change);
    group.push_back(queue_.front());
    queue_.pop_front();
  }
  return group;
}

std::vector<Result<Receipt>> GroupCommit::WriteAll(const Group& group) const {
  Changes changes;
  changes.reserve(group.size());
  for (const Waiting* waiting : group) changes.push_back(waiting->change);
  std::vector<Result<Receipt>> results = write_(changes);
  CHECK(results.size() == group.size());
  return results;
}

size_t GroupCommit::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Result<Receipt> GroupCommit::Commit(const Change& change) {
  Waiting self{.change = &change};
  std::unique_lock lock(mutex_);
  queue_.push_back(&self);
  while (!self.result) {
    if (is_writing_) {
      progressed_.wait(lock, [&] { return self.result || !is_writing_; });
      continue;
    }
    is_writing_ = true;
    const Group group = TakeGroup();
    lock.unlock();
    std::vector<Result<Receipt>> results = WriteAll(group);
    lock.lock();
    for (size_t i = 0; i < group.size(); ++i) group[i]->result = std::move(results[i]);
    is_writing_ = false;
    progressed_.notify_all();
  }
  return *std::move(self.result);
}

}  // namespace postern::store
