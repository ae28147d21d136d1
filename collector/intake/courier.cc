#include "collector/intake/courier.h"

#include <algorithm>
#include <utility>

namespace postern::intake {

void Courier::Use(std::shared_ptr<const Consignment> policy, BootTime now) {
  policy_ = std::move(policy);
  for (auto& [peer, delivery] : deliveries_) {
    delivery.repeats = 0;
    Offer(peer, delivery, now);
  }
}

void Courier::Leave(bus::Peer peer) {
  deliveries_.erase(peer);
  open_.erase(peer);
}

void Courier::Greet(bus::Peer peer, const std::string& agent, uint64_t version,
                    const std::string& snapshot_sha256, BootTime now) {
  Delivery& delivery = deliveries_[peer];
  delivery.agent = agent;
  delivery.version = version;
  delivery.snapshot_sha256 = snapshot_sha256;
  delivery.repeats = 0;
  Offer(peer, delivery, now);
  const auto refused = refusals_.find(agent);
  if (refused == refusals_.end() || !policy_ || refused->second.version != policy_->version()) return;
  if (delivery.stage == Stage::kSending && now - refused->second.at < kRefusalStands)
    Enter(peer, delivery, Stage::kRefused);
}

// A newer one than there is here says that the collector was restored: that host would take no older one, and
// has no need of being asked.
bool Courier::Has(const Delivery& delivery) const {
  if (delivery.version > policy_->version())
    return delivery.version - policy_->version() <= kMostVersionsAhead;
  return delivery.version == policy_->version() && delivery.snapshot_sha256 == policy_->snapshot_sha256();
}

void Courier::Enter(bus::Peer peer, Delivery& delivery, Stage stage) {
  delivery.stage = stage;
  if (stage == Stage::kSending || stage == Stage::kSent) open_.insert(peer);
  else open_.erase(peer);
}

void Courier::Begin(Delivery& delivery, BootTime now) {
  delivery.next = 0;
  delivery.takes = false;
  delivery.progress = now;
  delivery.stage = Stage::kSending;
}

// From the beginning, where it isn't there.
void Courier::Offer(bus::Peer peer, Delivery& delivery, BootTime now) {
  Begin(delivery, now);
  Enter(peer, delivery, !policy_ || Has(delivery) ? Stage::kDone : Stage::kSending);
}

Courier::Word Courier::Hear(bus::Peer peer, const wire::Seen& seen, BootTime now) {
  const auto found = deliveries_.find(peer);
  if (seen.policy() == 0 || found == deliveries_.end()) return Word::kNothing;
  if (!policy_ || seen.policy() > policy_->version()) return Word::kUnheardOf;
  Delivery& delivery = found->second;
  if (!seen.policy_refused().empty()) {
    if (seen.policy() < policy_->version() || delivery.stage == Stage::kRefused) return Word::kNothing;
    if (delivery.stage == Stage::kDone) return Word::kUnheardOf;
    Enter(peer, delivery, Stage::kRefused);
    refusals_[delivery.agent] = {policy_->version(), now};
    return Word::kRefused;
  }
  const bool is_current = seen.policy() == policy_->version();
  if (is_current && seen.policy_sha256() != policy_->snapshot_sha256()) return Word::kUnheardOf;
  delivery.version = seen.policy();
  delivery.snapshot_sha256 = seen.policy_sha256();
  if (!is_current) return Word::kNothing;
  Enter(peer, delivery, Stage::kDone);
  refusals_.erase(delivery.agent);
  return Word::kTaken;
}

uint64_t Courier::InForce(bus::Peer peer) const {
  const auto found = deliveries_.find(peer);
  return found == deliveries_.end() ? 0 : found->second.version;
}

bool Courier::Refuses(bus::Peer peer) const {
  const auto found = deliveries_.find(peer);
  return found != deliveries_.end() && found->second.stage == Stage::kRefused;
}

bool Courier::Proceed(BootTime now) {
  size_t together = 0;
  for (const bus::Peer peer : open_) {
    Delivery& delivery = deliveries_.at(peer);
    if (delivery.stage == Stage::kSent) Rest(delivery, now);
    if (const size_t ahead = Ahead(delivery, now); now - delivery.progress < kStalled) together += ahead;
  }
  const auto send = [&](auto begin, auto end) {
    for (auto place = begin; place != end && together < kMostTogether; ++place) {
      Delivery& delivery = deliveries_.at(*place);
      if (delivery.stage != Stage::kSending) continue;
      together += SendTo(*place, delivery, kMostTogether - together, now);
      turn_ = *place;
    }
  };
  // Who had the last turn waits until all others have had one.
  const auto first = open_.upper_bound(turn_);
  send(first, open_.end());
  send(open_.begin(), first);
  return std::any_of(open_.begin(), open_.end(), [&](bus::Peer peer) {
    const Delivery& delivery = deliveries_.at(peer);
    return delivery.stage == Stage::kSending && now - delivery.progress < kStalled;
  });
}

// About how much lies in ZeroMQ's queue to it.
size_t Courier::Ahead(Delivery& delivery, BootTime now) {
  const uint32_t waiting = delivery.waiting->load(std::memory_order_acquire);
  if (waiting < delivery.seen_waiting || waiting == 0) {
    delivery.progress = now;
    delivery.takes = delivery.next > 0;
  }
  delivery.seen_waiting = waiting;
  return waiting == 0 ? 0 : waiting * policy_->frames().front()->size();
}

size_t Courier::SendTo(bus::Peer peer, Delivery& delivery, size_t room, BootTime now) {
  size_t sent = 0;
  size_t ahead = Ahead(delivery, now);
  while (delivery.next < policy_->frames().size() && sent < room) {
    const auto& frame = policy_->frames()[delivery.next];
    if (ahead > 0 && (!delivery.takes || ahead + frame->size() > kMostAhead)) break;
    if (!send_(peer, frame, delivery.waiting)) break;  // gone, or full: the next round will tell
    ++delivery.next;
    sent += frame->size();
    ahead += frame->size();
  }
  delivery.seen_waiting = delivery.waiting->load(std::memory_order_acquire);
  if (delivery.next < policy_->frames().size()) return sent;
  delivery.stage = Stage::kSent;
  const std::chrono::nanoseconds longer = patience_ * (int64_t{1} << std::min(delivery.repeats, 10));
  delivery.repeat_at = now + std::min<std::chrono::nanoseconds>(longer, kMostPatience);
  return sent;
}

void Courier::Rest(Delivery& delivery, BootTime now) {
  // While pieces still wait to be taken nothing could have been said of them.
  if (now < delivery.repeat_at || delivery.waiting->load(std::memory_order_acquire) > 0) return;
  ++delivery.repeats;
  Begin(delivery, now);
}

}  // namespace postern::intake
