#include "agent/uplink/sender.h"

#include <algorithm>

namespace postern::uplink {
namespace {

constexpr std::chrono::seconds kReadAgain{1};

wire::Group ToGroup(const spool::SealedGroup& sealed) {
  wire::Group group;
  group.set_incarnation(sealed.end.incarnation);
  group.set_first_sequence(sealed.first_sequence);
  for (const std::string& event : sealed.events) group.add_events(event);
  group.set_seal(sealed.seal);
  group.set_base(sealed.base);
  return group;
}

}  // namespace

void Sender::Begin(std::optional<BootTime> not_before) {
  ++round_;
  running_ = true;
  more_ = true;
  reading_ = false;
  not_before_ = not_before;
  cursor_ = {};
  Forget([](const Sent&) { return true; });
}

void Sender::Start() {
  skipped_.clear();
  Begin(std::nullopt);
}

void Sender::StartAgainAt(BootTime time) {
  if (running_) Begin(time);
}

void Sender::Stop() {
  Begin(std::nullopt);
  running_ = false;
}

template <class Gone>
void Sender::Forget(Gone gone) {
  std::erase_if(on_the_way_, [&](const Sent& sent) {
    if (!gone(sent)) return false;
    on_the_way_bytes_ -= sent.bytes;
    return true;
  });
}

void Sender::Skip(uint64_t incarnation) {
  skipped_.insert(incarnation);
  Forget([&](const Sent& sent) { return sent.end.incarnation == incarnation; });
}

std::optional<Reading> Sender::NextReading(BootTime now) {
  if (!running_ || reading_ || !more_ || on_the_way_bytes_ >= kMostOnTheWay) return std::nullopt;
  if (not_before_ && now < *not_before_) return std::nullopt;
  not_before_.reset();
  reading_ = true;
  return Reading{cursor_, std::min(kMostInMessage, kMostOnTheWay - on_the_way_bytes_), round_};
}

std::vector<wire::Events> Sender::OnRead(uint64_t round, Result<std::vector<spool::SealedGroup>> groups,
                                         const std::vector<wire::Place>& ends, BootTime now) {
  if (!running_ || round != round_) return {};
  reading_ = false;
  if (!groups) {
    // What was there a moment ago may have been trimmed since: the record knows where to begin.
    if (groups.error().code != ErrorCode::kUnavailable) cursor_ = {};
    not_before_ = now + kReadAgain;
    return {};
  }
  if (groups->empty()) more_ = false;
  if (on_the_way_.empty()) progress_ = now;
  std::vector<wire::Events> messages;
  size_t message_bytes = 0;
  for (const spool::SealedGroup& group : *groups) {
    if (skipped_.contains(group.end.incarnation)) {
      const auto end = std::find_if(ends.begin(), ends.end(), [&](const wire::Place& chain) {
        return chain.incarnation == group.end.incarnation;
      });
      cursor_ = end == ends.end() ? group.end : *end;
      break;
    }
    const size_t bytes = group.bytes();
    const bool fits = !messages.empty() && message_bytes + bytes <= kMostInMessage &&
                      messages.back().groups_size() < wire::kMaxGroups;
    if (!fits) {
      messages.emplace_back();
      message_bytes = 0;
    }
    message_bytes += bytes;
    *messages.back().add_groups() = ToGroup(group);
    on_the_way_.push_back({group.end, bytes});
    on_the_way_bytes_ += bytes;
    cursor_ = group.end;
  }
  return messages;
}

void Sender::OnAcknowledged(const std::vector<wire::Place>& marks, BootTime now) {
  progress_ = now;
  for (const wire::Place& mark : marks) {
    Forget([&](const Sent& sent) {
      return sent.end.incarnation == mark.incarnation && sent.end.sequence <= mark.sequence;
    });
  }
}

std::optional<BootTime> Sender::waiting_since() const {
  return on_the_way_.empty() ? std::nullopt : std::optional(progress_);
}

std::optional<BootTime> Sender::due() const { return running_ && more_ ? not_before_ : std::nullopt; }

}  // namespace postern::uplink
