#include "agent/gate/live_exchanges.h"

#include <utility>

#include "shared/base/check.h"

namespace postern::gate {

LiveExchange::~LiveExchange() {
  if (all_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : all_->first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  --all_->size_;
}

void LiveExchange::Enter(LiveExchanges& all) {
  CHECK(all_ == nullptr);
  all_ = &all;
  next_ = std::exchange(all.first_, this);
  if (next_ != nullptr) next_->previous_ = this;
  ++all.size_;
}

void LiveExchange::End(Refusal why) {
  if (ended_by_) return;
  ended_by_ = std::move(why);
  strand_.Cancel();
}

LiveExchanges::~LiveExchanges() { CHECK(first_ == nullptr); }

size_t LiveExchanges::EndThose(const WhyBarred& why_barred) {
  size_t ended = 0;
  // Ending cancels a strand, which wakes its coroutine later: nobody leaves the list meanwhile.
  for (LiveExchange* exchange = first_; exchange != nullptr; exchange = exchange->next_) {
    if (exchange->ended_by_) continue;
    if (auto why = why_barred(*exchange)) {
      exchange->End(*std::move(why));
      ++ended;
    }
  }
  return ended;
}

}  // namespace postern::gate
