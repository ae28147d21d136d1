#include "collector/intake/fair_queue.h"

#include <utility>

namespace postern::intake {

size_t Submission::weight() const {
  constexpr size_t kEach = 64;
  size_t weight = kEach;
  for (const wire::Group& group : events.groups()) {
    weight += kEach + group.seal().size() + group.base().size();
    for (const std::string& event : group.events()) weight += kEach + event.size();
  }
  return weight;
}

FairQueue::Taken FairQueue::Push(Submission submission) {
  const size_t weight = submission.weight();
  const std::lock_guard lock(mutex_);
  if (closed_) return Taken::kFull;
  Waiting& waiting = agents_[submission.agent];
  if (!waiting.submissions.empty() && waiting.weight + weight > bounds_.per_agent) return Taken::kFull;
  if (waiting.submissions.empty()) turns_.push_back(submission.agent);
  waiting.weight += weight;
  waiting.submissions.push_back(std::move(submission));
  weight_ += weight;
  ++frames_;
  filled_.notify_one();
  return Taken::kYes;
}

std::vector<Submission> FairQueue::Take(size_t most) {
  std::unique_lock lock(mutex_);
  filled_.wait(lock, [this] { return frames_ > 0 || closed_; });
  std::vector<Submission> taken;
  size_t weight = 0;
  while (frames_ > 0 && weight < most) {
    taken.push_back(TakeNext());
    weight += taken.back().weight();
  }
  drained_.notify_one();
  return taken;
}

Submission FairQueue::TakeNext() {
  const std::string agent = std::move(turns_.front());
  turns_.pop_front();
  const auto found = agents_.find(agent);
  Waiting& waiting = found->second;
  Submission submission = std::move(waiting.submissions.front());
  waiting.submissions.pop_front();
  const size_t weight = submission.weight();
  waiting.weight -= weight;
  weight_ -= weight;
  --frames_;
  if (waiting.submissions.empty()) {
    agents_.erase(found);
  } else {
    turns_.push_back(agent);
  }
  return submission;
}

bool FairQueue::WaitForRoom(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return drained_.wait_for(lock, timeout, [this] { return weight_ < bounds_.whole; });
}

void FairQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  filled_.notify_all();
}

size_t FairQueue::weight() const {
  const std::lock_guard lock(mutex_);
  return weight_;
}

size_t FairQueue::frames() const {
  const std::lock_guard lock(mutex_);
  return frames_;
}

}  // namespace postern::intake
