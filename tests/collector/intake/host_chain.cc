#include "tests/collector/intake/host_chain.h"

#include <array>
#include <utility>
#include <vector>

#include "shared/crypto/random.h"

namespace postern::intake {

HostChain::HostChain(std::shared_ptr<const crypto::SigningKey> key, uint64_t incarnation)
    : key_(std::move(key)), incarnation_(incarnation) {}

HostChain& HostChain::Start() {
  wire::Event event;
  event.mutable_start()->set_public_key(std::string(key_->public_key().raw()));
  event.mutable_start()->set_host("laptop-17");
  return Add(std::move(event));
}

HostChain& HostChain::Exchange(const std::string& user) {
  const uint8_t exchange = exchanges_++;
  return Intent(user, exchange).Outcome(exchange);
}

HostChain& HostChain::Intent(const std::string& user, uint8_t exchange) {
  wire::Event event;
  event.set_wall_time(1'790'000'000'000'000'000);
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(std::string(16, static_cast<char>(exchange)));
  intent.mutable_principal()->set_user(user);
  intent.mutable_principal()->set_team("platform");
  intent.mutable_principal()->set_organisation("acme");
  intent.mutable_principal()->set_key_id("k7x2m9q4w8ab");
  intent.set_model("claude-sonnet-4-5");
  intent.set_session("session-1");
  return Add(std::move(event));
}

HostChain& HostChain::Outcome(uint8_t exchange) {
  wire::Event event;
  event.set_wall_time(1'790'000'001'000'000'000);
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange(std::string(16, static_cast<char>(exchange)));
  outcome.set_ending(wire::ENDING_COMPLETE);
  outcome.mutable_usage()->set_input(100);
  outcome.mutable_usage()->set_output(10);
  outcome.set_cost_nano_dollars(5);
  return Add(std::move(event));
}

HostChain& HostChain::Add(wire::Event event) {
  std::array<uint8_t, 16> salt{};
  crypto::RandomBytes(salt);
  event.set_version(1);
  event.set_salt(std::string(salt.begin(), salt.end()));
  event.set_incarnation(incarnation_);
  event.set_sequence(heads_.size());
  return AddRaw(event.SerializeAsString());
}

HostChain& HostChain::AddRaw(const std::string& bytes) {
  events_.push_back(bytes);
  heads_.push_back(wire::Extend(heads_.back(), bytes));
  return *this;
}

wire::Group HostChain::Group() {
  const uint64_t first = std::exchange(sealed_, events_.size()) + 1;
  return GroupOf(first, events_.size());
}

wire::Group HostChain::GroupOf(uint64_t first, uint64_t last) const {
  wire::Group group;
  group.set_incarnation(incarnation_);
  group.set_first_sequence(first);
  for (uint64_t sequence = first; sequence <= last; ++sequence) group.add_events(event(sequence));
  group.set_seal(wire::MakeSeal({incarnation_, first, last, heads_[last]}, *key_).SerializeAsString());
  return group;
}

std::string HostChain::SealAt(uint64_t sequence) const {
  return wire::MakeSeal({incarnation_, sequence, sequence, heads_[sequence]}, *key_).SerializeAsString();
}

}  // namespace postern::intake
