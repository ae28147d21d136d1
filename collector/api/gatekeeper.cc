#include "collector/api/gatekeeper.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace postern::api {
namespace {

std::chrono::seconds Until(BootTime then, BootTime now) {
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(then - now));
}

std::string Network(const std::string& name) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, name.c_str(), &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) return name;
  std::fill(address.s6_addr + 8, address.s6_addr + 16, uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address, text.data(), text.size());
  return text.data();
}

}  // namespace

std::optional<std::chrono::seconds> Bucket::Take(BootTime now) {
  const std::chrono::duration<double> passed = now - filled_;
  level_ = std::min(most_, level_ + passed.count() * per_second_);
  filled_ = now;
  if (level_ >= 1) {
    level_ -= 1;
    return std::nullopt;
  }
  return std::chrono::seconds(static_cast<int64_t>(std::ceil((1 - level_) / per_second_)));
}

Gatekeeper::Visitor& Gatekeeper::Of(const std::string& name, BootTime now) {
  const std::string network = Network(name);
  const auto found = by_name_.find(network);
  if (found != by_name_.end()) {
    visitors_.splice(visitors_.begin(), visitors_, found->second);
    return visitors_.front();
  }
  if (visitors_.size() >= kMostAddresses) Forget(now);
  visitors_.push_front({.name = network,
                        .calls = Bucket(limits_.calls_at_once, limits_.calls_per_second, now),
                        .enrolments = Bucket(limits_.enrolments_at_once, limits_.enrolments_per_second, now),
                        .locked_until = std::nullopt});
  by_name_[network] = visitors_.begin();
  return visitors_.front();
}

// Where all are locked out, the oldest goes.
void Gatekeeper::Forget(BootTime now) {
  auto oldest = std::prev(visitors_.end());
  for (auto visitor = oldest;; --visitor) {
    if (!visitor->locked_until || *visitor->locked_until <= now) {
      oldest = visitor;
      break;
    }
    if (visitor == visitors_.begin()) break;
  }
  by_name_.erase(oldest->name);
  visitors_.erase(oldest);
}

std::optional<Hold> Gatekeeper::LockedOut(const std::string& source, BootTime now) {
  Visitor& visitor = Of(source, now);
  if (!visitor.locked_until) return std::nullopt;
  if (*visitor.locked_until > now) return Hold{.retry_after = Until(*visitor.locked_until, now)};
  visitor.locked_until.reset();
  visitor.bad = 0;
  return std::nullopt;
}

std::optional<Hold> Gatekeeper::BadToken(const std::string& source, BootTime now) {
  Visitor& visitor = Of(source, now);
  if (visitor.bad == 0 || now - visitor.bad_since > limits_.memory) {
    visitor.bad = 0;
    visitor.bad_since = now;
  }
  if (++visitor.bad < limits_.bad_tokens) return std::nullopt;
  visitor.locked_until = now + limits_.lock_out;
  ++lock_outs_;
  return Hold{.retry_after = Until(*visitor.locked_until, now), .first = true};
}

std::optional<Hold> Gatekeeper::Take(Bucket& bucket, Visitor& visitor, BootTime now) {
  const auto wait = bucket.Take(now);
  const bool first = wait && !visitor.held;
  visitor.held = wait.has_value();
  if (!wait) return std::nullopt;
  return Hold{.retry_after = std::max(*wait, std::chrono::seconds(1)), .first = first};
}

std::optional<Hold> Gatekeeper::Call(const std::string& caller, BootTime now) {
  Visitor& visitor = Of(caller, now);
  return Take(visitor.calls, visitor, now);
}

std::optional<Hold> Gatekeeper::Enrolment(const std::string& source, BootTime now) {
  Visitor& visitor = Of(source, now);
  return Take(visitor.enrolments, visitor, now);
}

}  // namespace postern::api
