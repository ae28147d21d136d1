// A conversation with a real record and no collector: what the test makes happen goes in, and the steps that
// come of it are kept to be looked at.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "agent/uplink/conversation.h"
#include "tests/agent/uplink/chain_record.h"

namespace postern::uplink {

constexpr uint64_t kIncarnation = 0xA1;

class Conversing : public testing::Test {
 protected:
  Conversing()
      : conversation_(
            {.life = std::string(16, 'l'),
             .agent_version = "1",
             .host = "host",
             .machine = record_.machine(),
             .collector = "c0ffee",
             .log_key = std::string(32, 'k')},
            {.standpoint = [this] { return record_.standpoint(); },
             .memory = [this] { return signed_memory_; },
             .epoch = [this] { return epoch_; },
             .revision = [this] { return revision_; },
             .enforced = [this] { return enforced_; },
             .tombstones = [this] { return tombstones_; },
             .make_nonce = [this] { return std::string(15, 'n') + static_cast<char>('a' + nonces_++); },
             .clock = [this](BootTime) { return clock_; },
             .holdings =
                 [this](uint64_t incarnation) {
                   asked_holdings_ = incarnation;
                   return holdings_;
                 }},
            record_.key()) {}

  // The steps of one kind since the last Collect.
  template <class T>
  std::vector<T> All() const {
    std::vector<T> found;
    for (const Step& step : steps_)
      if (const T* one = std::get_if<T>(&step)) found.push_back(*one);
    return found;
  }
  std::vector<wire::FromAgent> Said(wire::FromAgent::BodyCase body) const {
    std::vector<wire::FromAgent> found;
    for (const Say& say : All<Say>())
      if (say.message.body_case() == body) found.push_back(say.message);
    return found;
  }
  void Collect() { steps_ = conversation_.TakeSteps(); }

  wire::FromCollector Welcome() {
    wire::FromCollector message;
    wire::Welcome& welcome = *message.mutable_welcome();
    welcome.set_life(std::string(16, 'l'));
    welcome.set_collector("c0ffee");
    welcome.set_log_key(std::string(32, 'k'));
    welcome.set_epoch(1);
    welcome.set_incarnation(record_.standpoint().now.incarnation);
    welcome.add_acknowledged()->set_incarnation(kIncarnation);
    return message;
  }
  void Hear(const wire::FromCollector& message) {
    conversation_.OnMessage(message, now_);
    Collect();
  }
  void Reject(const std::string& reason, uint64_t incarnation = kIncarnation) {
    wire::FromCollector message;
    message.mutable_rejected()->set_reason(reason);
    message.mutable_rejected()->set_sentence("because of " + reason);
    message.mutable_rejected()->set_incarnation(incarnation);
    message.mutable_rejected()->set_say_hello(reason == "say_hello" || reason == "restored");
    Hear(message);
  }
  void AcknowledgeAll() {
    wire::FromCollector message;
    *message.mutable_acknowledged()->add_marks() = wire::ToMark(record_.standpoint().now);
    Hear(message);
  }
  void Answer(const std::string& nonce, wire::AgentState state) {
    wire::FromCollector message;
    message.mutable_heartbeat_answer()->set_nonce(nonce);
    message.mutable_heartbeat_answer()->set_state(state);
    Hear(message);
  }
  void Wait(std::chrono::nanoseconds time) {
    now_ += time;
    conversation_.OnTime(now_);
    Collect();
  }
  void Connect() {
    conversation_.OnConnected(now_);
    Collect();
  }
  void Meet() {
    Connect();
    Hear(Welcome());
  }
  // Reads what the conversation wants read, until it wants no more. The messages that came of it.
  std::vector<wire::Events> ServeReadings() {
    std::vector<wire::Events> sent;
    for (auto readings = All<Read>(); !readings.empty(); readings = All<Read>()) {
      const Reading reading = readings.back().reading;
      record_.record().read_groups(reading.after, reading.max_bytes, [&](auto groups) {
        conversation_.OnRead(reading.round, std::move(groups), now_);
      });
      Collect();
      for (const auto& message : Said(wire::FromAgent::kEvents)) sent.push_back(message.events());
    }
    return sent;
  }
  static size_t CountEvents(const std::vector<wire::Events>& messages) {
    size_t count = 0;
    for (const auto& message : messages)
      for (const auto& group : message.groups()) count += static_cast<size_t>(group.events_size());
    return count;
  }

  ChainRecord record_{kIncarnation};
  std::optional<wire::SignedMemory> signed_memory_;
  uint64_t epoch_ = 1;
  uint64_t revision_ = 7;
  Enforced enforced_{
      .policy = 3, .policy_sha256 = std::string(32, 'p'), .strict = false, .policy_ttl = 43200};
  std::vector<wire::KeyRecord> tombstones_;
  int nonces_ = 0;
  BootTime now_ = BootTime{} + std::chrono::hours(100);
  Conversation conversation_;
  std::vector<Step> steps_;
  WallTime clock_{};
  uint64_t asked_holdings_ = 0;
  std::vector<wire::Holding> holdings_;
};

}  // namespace postern::uplink
