#include "collector/store/group_commit.h"

namespace postern::store {
namespace {

size_t SizeOf(const Change& change) {
  size_t size = 0;
  for (const NewEvent& event : change.events) size += event.bytes.size();
  for (const SetAside& group : change.set_aside) size += group.bytes.size();
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
    write_(group);
    lock.lock();
    is_writing_ = false;
    progressed_.notify_all();
  }
  return *std::move(self.result);
}

}  // namespace postern::store
