#include "collector/treasury/inbox.h"

namespace postern::treasury {

bool Inbox::Put(Letter letter) {
  std::deque<Letter>& queue = queues_[letter.holder.agent];
  if (std::holds_alternative<Greeting>(letter.body)) {
    size_ -= queue.size();
    queue.clear();
  } else if (queue.size() >= kMostOfOne) {
    return false;
  }
  queue.push_back(std::move(letter));
  ++size_;
  return true;
}

std::vector<Letter> Inbox::Take() {
  std::vector<Letter> letters;
  while (size_ > 0 && letters.size() < kMostAtOnce) {
    auto next = queues_.upper_bound(last_);
    if (next == queues_.end()) next = queues_.begin();
    last_ = next->first;
    letters.push_back(std::move(next->second.front()));
    next->second.pop_front();
    --size_;
    if (next->second.empty()) queues_.erase(next);
  }
  return letters;
}

void Inbox::Clear() {
  queues_.clear();
  size_ = 0;
}

}  // namespace postern::treasury
