#include "collector/store/group_commit.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace postern::store {
namespace {

TEST(GroupCommit, WhoComesDuringAWriteSharesTheNextOne) {
  constexpr size_t kThreads = 8;
  std::mutex mutex;
  std::vector<size_t> sizes;
  GroupCommit* queue = nullptr;
  uint64_t next = 0;
  GroupCommit commits([&](const GroupCommit::Changes& changes) {
    // The first write goes on until everybody else waits.
    while (sizes.empty() && queue->waiting() < kThreads - changes.size()) std::this_thread::yield();
    const std::lock_guard lock(mutex);
    sizes.push_back(changes.size());
    std::vector<Result<Receipt>> results;
    for (size_t i = 0; i < changes.size(); ++i) results.emplace_back(Receipt{.first_leaf = Leaf{next++}});
    return results;
  });
  queue = &commits;
  std::vector<std::thread> threads;
  std::vector<uint64_t> leaves(kThreads);
  const Change change;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { leaves[t] = static_cast<uint64_t>(commits.Commit(change)->first_leaf); });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0] + sizes[1], kThreads);
  std::sort(leaves.begin(), leaves.end());
  for (size_t i = 0; i < kThreads; ++i) EXPECT_EQ(leaves[i], i);
}

TEST(GroupCommit, EachGetsItsOwnResult) {
  GroupCommit commits([](const GroupCommit::Changes& changes) {
    std::vector<Result<Receipt>> results;
    for (const Change* change : changes) {
      if (change->set_aside.empty()) results.emplace_back(Error{ErrorCode::kDenied, "no"});
      else results.emplace_back(Receipt{});
    }
    return results;
  });
  Change change;
  EXPECT_FALSE(commits.Commit(change));
  change.set_aside.emplace_back();
  EXPECT_TRUE(commits.Commit(change));
}

}  // namespace
}  // namespace postern::store
