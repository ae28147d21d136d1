#include "tests/bench/signed_traffic.h"

#include <algorithm>
#include <random>

#include "shared/base/check.h"
#include "shared/base/clock.h"
#include "shared/crypto/ed25519.h"
#include "shared/limits/wire_form.h"
#include "shared/wire/chain.h"
#include "shared/wire/conversation.h"
#include "shared/wire/event.h"

namespace postern::bench {
namespace {

constexpr int kEventsAFrame = 256;
constexpr const char* kModels[] = {"claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001",
                                   "claude-opus-4-5-20251101"};

// One agent that works.
class Host {
 public:
  explicit Host(int number, const Charging& charging)
      : number_(number),
        charging_(charging),
        accounts_(AccountsOf(number)),
        used_(accounts_.size()),
        key_(crypto::SigningKey::Generate()),
        random_(static_cast<uint32_t>(number)) {
    record_.set_id("host" + std::to_string(10'000'000 + number));
    record_.set_host("build-" + std::to_string(number) + ".example.com");
    record_.set_seal_key(std::string(key_.public_key().raw()));
    record_.set_incarnation(kIncarnation);
    record_.set_incarnations(1);
    NewSession();
  }

  const wire::AgentRecord& record() const { return record_; }

  wire::Group MakeGroup(int events, SignedTraffic& traffic) {
    wire::Group group;
    group.set_incarnation(kIncarnation);
    group.set_first_sequence(sequence_ + 1);
    for (int i = 0; i < events; ++i) {
      const std::string bytes = Next().SerializeAsString();
      head_ = wire::Extend(head_, bytes);
      ++traffic.events;
      traffic.event_bytes += bytes.size();
      group.add_events(bytes);
    }
    const wire::Statement statement{kIncarnation, group.first_sequence(), sequence_, head_};
    group.set_seal(wire::MakeSeal(statement, key_).SerializeAsString());
    return group;
  }

 private:
  static constexpr uint64_t kIncarnation = 1;

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }

  void NewSession() {
    session_.clear();
    for (int i = 0; i < 32; ++i) session_.push_back("0123456789abcdef"[random_() % 16]);
  }

  wire::Event Next() {
    wire::Event event;
    event.set_version(wire::kEventVersion);
    event.set_salt(Bytes(16));
    event.set_incarnation(kIncarnation);
    event.set_sequence(++sequence_);
    event.set_wall_time(WallNow().time_since_epoch().count());
    event.set_boot_time(sequence_ * 1'000'000'000);
    if (sequence_ == 1) FillStart(*event.mutable_start());
    else if (sequence_ % 2 == 0) FillIntent(*event.mutable_intent());
    else FillOutcome(*event.mutable_outcome());
    return event;
  }

  void FillStart(wire::Start& start) {
    start.set_public_key(std::string(key_.public_key().raw()));
    start.set_host(record_.host());
    start.set_agent_version("0.2.0");
  }

  void FillIntent(wire::Intent& intent) {
    if (random_() % 40 == 0) NewSession();
    exchange_ = Bytes(16);
    intent.set_exchange(exchange_);
    intent.mutable_principal()->set_key_id("k" + std::to_string(10'000'000'000 + number_));
    intent.mutable_principal()->set_user("person" + std::to_string(number_) + "@example.com");
    intent.mutable_principal()->set_team("team" + std::to_string(number_ % 8));
    intent.mutable_principal()->set_organisation("example");
    intent.mutable_os_user()->set_known(true);
    intent.mutable_os_user()->set_uid(1000);
    intent.mutable_os_user()->set_name("person");
    intent.set_call(wire::CALL_MESSAGES);
    intent.set_model(kModels[random_() % 3]);
    intent.set_stream(true);
    intent.set_max_tokens(32'000);
    intent.set_body_bytes(40'000 + random_() % 100'000);
    intent.set_messages(1 + random_() % 60);
    for (const char* tool : {"Bash", "Edit", "Read", "Write", "Grep", "Glob", "WebFetch", "Task"})
      intent.add_tools(tool);
    intent.set_session(session_);
    intent.set_user_agent("claude-cli/2.0.14 (external, cli)");
    intent.set_upstream("anthropic");
    intent.set_peer("127.0.0.1:" + std::to_string(30'000 + random_() % 30'000));
  }

  void FillOutcome(wire::Outcome& outcome) {
    outcome.set_exchange(exchange_);
    outcome.set_status(200);
    outcome.set_ending(wire::ENDING_COMPLETE);
    outcome.set_upstream_request_id("req_011C" + session_.substr(0, 20));
    outcome.set_upstream_model(kModels[random_() % 3]);
    outcome.mutable_usage()->set_input(random_() % 100);
    outcome.mutable_usage()->set_output(random_() % 2000);
    outcome.mutable_usage()->set_cache_read(random_() % 100'000);
    outcome.mutable_usage()->set_cache_write_5m(random_() % 5000);
    outcome.set_cost_nano_dollars(random_() % 100'000'000);
    outcome.set_price_version("2026-11-01");
    outcome.set_stop_reason("tool_use");
    outcome.add_tool_uses("Bash");
    outcome.set_bytes_in(40'000 + random_() % 100'000);
    outcome.set_bytes_out(random_() % 20'000);
    outcome.set_first_byte_ns(random_());
    outcome.set_total_ns(random_() * uint64_t{4});
    if (charging_.window) Charge(outcome);
  }

  void Charge(wire::Outcome& outcome) {
    outcome.set_admission("estimated");
    for (size_t i = 0; i < accounts_.size(); ++i) {
      used_[i] += Amount(outcome.cost_nano_dollars());
      *outcome.add_charges() =
          limits::ToWire(limits::Charge{accounts_[i], *charging_.window, Amount(outcome.cost_nano_dollars()),
                                        Amount(outcome.cost_nano_dollars()), used_[i]});
    }
  }

  const int number_;
  const Charging charging_;
  const std::vector<std::string> accounts_;
  std::vector<Amount> used_;
  wire::AgentRecord record_;
  crypto::SigningKey key_;
  std::mt19937 random_;
  wire::Head head_ = wire::kFirstHead;
  uint64_t sequence_ = 0;
  std::string session_;
  std::string exchange_;
};

}  // namespace

std::vector<std::string> AccountsOf(int agent) {
  const std::string person = std::to_string(agent);
  return {"organisation-month", "team-month/team" + std::to_string(agent % 8),
          "each-day/person" + person + "@example.com", "key-day/k" + std::to_string(10'000'000'000 + agent),
          "key-model/k" + std::to_string(10'000'000'000 + agent) + "/claude-sonnet-4-5-20250929"};
}

SignedTraffic MakeTraffic(int agents, int frames_an_agent, int events_a_seal, const Charging& charging) {
  SignedTraffic traffic;
  std::vector<Host> hosts;
  for (int i = 0; i < agents; ++i) traffic.agents.push_back(hosts.emplace_back(i, charging).record());
  const int groups = std::min(kEventsAFrame / events_a_seal, wire::kMaxGroups);
  for (int turn = 0; turn < frames_an_agent; ++turn) {
    for (Host& host : hosts) {
      wire::FromAgent message;
      for (int i = 0; i < groups; ++i)
        *message.mutable_events()->add_groups() = host.MakeGroup(events_a_seal, traffic);
      auto frame = wire::Encode(std::move(message));
      CHECK(frame.has_value());
      traffic.frames.push_back({host.record().id(), *std::move(frame)});
    }
  }
  return traffic;
}

}  // namespace postern::bench
