#include "tests/bench/revocation_fleet.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "agent/membership/record_cache.h"
#include "agent/uplink/uplink.h"
#include "collector/chronicle/chronicle.h"
#include "collector/directory/directory.h"
#include "collector/intake/intake.h"
#include "collector/store/rocks_store.h"
#include "shared/base/guarded.h"
#include "shared/bus/client.h"
#include "shared/crypto/x25519.h"
#include "shared/sealing/master_key.h"
#include "tests/agent/uplink/chain_record.h"

namespace postern::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 60s;
const char* const kCollector = "00112233445566778899aabbccddeeff";

bool Until(const std::function<bool()>& holds) {
  const auto end = Clock::now() + kPatience;
  while (!holds()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// What an agent remembers of keys, and when it first answered that the one that is looked at is revoked.
class KeyCache {
 public:
  uplink::Memories memories() {
    uplink::Memories to;
    to.memory = [] { return std::optional<wire::SignedMemory>(); };
    to.epoch = [] { return uint64_t{0}; };
    to.revision = [this] { return cache_.With([](auto& cache) { return cache.revision(); }); };
    to.enforced = [] { return uplink::Enforced(); };
    to.tombstones = [] { return std::vector<wire::KeyRecord>(); };
    to.on_disconnected = [this] { cache_.With([](auto& cache) { cache.EndConversation(); }); };
    to.on_refused = [](const std::string&, const std::function<void()>&) {};
    to.take_welcome = [this](const wire::Welcome&, BootTime, const std::function<void()>&) {
      cache_.With([](auto& cache) { cache.BeginConversation(); });
    };
    to.take_answer = [](const wire::HeartbeatAnswer&, BootTime) {};
    to.remember = [](const wire::SignedMemory&) { return Status(Ok{}); };
    to.take_directory = [this](const wire::Directory& directory, const std::function<void()>& durable) {
      return Take(directory, durable);
    };
    to.take_credential = [](const wire::SealedCredential&) { return Status(Ok{}); };
    to.take_policy_part = [](const wire::PolicyPart&, const uplink::Memories::Answer&) {};
    to.on_quarantined = [](const std::string&) {};
    return to;
  }

  // Whether the key is known and may be used.
  bool Holds(const std::string& key) {
    return cache_.With([&](auto& cache) {
      const membership::KeyAnswer answer = cache.FindKey(key, BootClock::now());
      return answer.certainty == membership::Certainty::kConfirmed && answer.key && !answer.key->revoked;
    });
  }
  void LookAt(const std::string& key, std::atomic<size_t>& left) {
    looked_at_.With([&](LookedAt& looked_at) { looked_at = {key, &left, {}, 0}; });
  }
  Clock::time_point revoked_at() const {
    return looked_at_.With([](const LookedAt& looked_at) { return looked_at.revoked_at; });
  }
  size_t frame_bytes() const {
    return looked_at_.With([](const LookedAt& looked_at) { return looked_at.frame_bytes; });
  }

 private:
  struct LookedAt {
    std::string key;
    std::atomic<size_t>* left = nullptr;
    Clock::time_point revoked_at{};
    size_t frame_bytes = 0;
  };

  bool Take(const wire::Directory& directory, const std::function<void()>& durable) {
    const bool taken = cache_.With([&](auto& cache) {
      if (!cache.IsCurrent(directory.revision())) return false;
      for (const wire::KeyRecord& key : directory.keys())
        cache.TakeKey(key, {}, membership::RecordCache::Origin::kCollector);
      cache.NoteRevision(directory.revision());
      return true;
    });
    if (!taken) return false;
    const std::string key = looked_at_.With([](const LookedAt& looked_at) { return looked_at.key; });
    const auto answer = cache_.With([&](auto& cache) { return cache.FindKey(key, BootClock::now()); });
    if (answer.key && answer.key->revoked) Stamp(Clock::now(), directory.ByteSizeLong());
    durable();
    return true;
  }

  void Stamp(Clock::time_point now, size_t bytes) {
    looked_at_.With([&](LookedAt& looked_at) {
      if (looked_at.revoked_at != Clock::time_point()) return;
      looked_at.revoked_at = now;
      looked_at.frame_bytes = bytes;
      looked_at.left->fetch_sub(1);
    });
  }

  Guarded<membership::RecordCache> cache_;
  Guarded<LookedAt> looked_at_;
};

struct Member {
  std::unique_ptr<uplink::ChainRecord> record;
  std::unique_ptr<KeyCache> cache;
  std::unique_ptr<uplink::Uplink> uplink;
};

}  // namespace

struct RevocationFleet::State {
  Status Open(const std::string& directory_name);
  Status AddKeys(size_t count);
  Result<bus::CurveKeys> Enrol(const Member& member, const std::string& host);
  Status Join(size_t agents);
  Status Learn();

  const directory::Actor administrator = directory::Actor::Local("bench");
  const bus::CurveKeys curve = bus::CurveKeys::Generate();
  const crypto::SigningKey log_key = crypto::SigningKey::Generate();
  const sealing::MasterKey master_key = *sealing::MasterKey::Generate();
  std::unique_ptr<store::Store> store;
  std::unique_ptr<chronicle::Chronicle> chronicle;
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<intake::Intake> intake;
  std::vector<std::string> keys;
  std::unique_ptr<bus::Context> context;
  std::vector<Member> members;
};

Status RevocationFleet::State::Open(const std::string& directory_name) {
  ASSIGN_OR_RETURN(store, store::OpenRocksStore({.directory = directory_name}));
  ASSIGN_OR_RETURN(
      chronicle,
      chronicle::Chronicle::Open(
          *store, log_key,
          {.beginning = chronicle::Beginning::kGoOn, .program = "run", .version = "", .host = ""}));
  directory = std::make_unique<directory::Directory>(*store, *chronicle, master_key,
                                                     directory::Options{.organisation = "example"});
  intake::Options options;
  options.bus.address = "127.0.0.1:0";
  options.bus.keys = curve;
  options.collector = kCollector;
  ASSIGN_OR_RETURN(intake,
                   intake::Intake::Start(std::move(options), *store, *directory, *chronicle, log_key));
  return Ok{};
}

Status RevocationFleet::State::AddKeys(size_t count) {
  ASSIGN_OR_RETURN(
      const auto user,
      directory->people().CreateUser(administrator, {.id = "alice", .team = "", .name = "", .os_names = {}}));
  for (size_t i = 0; i < count; ++i) {
    directory::NewKey wanted;
    wanted.user = user.id();
    ASSIGN_OR_RETURN(const auto key, directory->keys().Create(administrator, wanted));
    keys.push_back(key.record.id());
  }
  return Ok{};
}

// The keys of its conversation, once the collector knows them.
Result<bus::CurveKeys> RevocationFleet::State::Enrol(const Member& member, const std::string& host) {
  const bus::CurveKeys keys_of_agent = bus::CurveKeys::Generate();
  const int64_t soon = directory->registrar().now() + 3600;
  ASSIGN_OR_RETURN(const auto token, directory->agents().CreateToken(administrator, soon));
  const auto record =
      directory->agents().Enrol(token.text,
                                {.host = host,
                                 .machine = member.record->machine(),
                                 .curve_key = std::string(bus::AsBytes(keys_of_agent.public_key)),
                                 .seal_key = std::string(member.record->key().public_key().raw()),
                                 .sealing_key = std::string(crypto::AgreementKey::Generate().public_key()),
                                 .version = "1"},
                                "127.0.0.1");
  if (!record) return record.error();
  return keys_of_agent;
}

Status RevocationFleet::State::Join(size_t agents) {
  ASSIGN_OR_RETURN(context, bus::Context::Make(static_cast<int>(agents)));
  for (size_t i = 0; i < agents; ++i) {
    Member member{std::make_unique<uplink::ChainRecord>(0xB000'0000 + i), std::make_unique<KeyCache>(),
                  nullptr};
    const std::string host = "host-" + std::to_string(i);
    ASSIGN_OR_RETURN(const bus::CurveKeys own, Enrol(member, host));
    uplink::Options options;
    options.bus.address = "127.0.0.1:" + std::to_string(intake->port());
    options.bus.keys = own;
    options.bus.server_key = curve.public_key;
    options.self = {.life = {},
                    .agent_version = "1",
                    .host = host,
                    .machine = member.record->machine(),
                    .collector = kCollector,
                    .log_key = std::string(log_key.public_key().raw())};
    ASSIGN_OR_RETURN(member.uplink, uplink::Uplink::Start(*context, std::move(options), member.record->key(),
                                                          member.record->record(), member.cache->memories()));
    members.push_back(std::move(member));
  }
  return Ok{};
}

// Every agent asks for every key, as its gate does when a request comes that shows it.
Status RevocationFleet::State::Learn() {
  const auto all = [&](const std::function<bool(Member&)>& holds) {
    return Until([&] { return std::all_of(members.begin(), members.end(), holds); });
  };
  const auto knows = [&](Member& member) {
    return std::all_of(keys.begin(), keys.end(),
                       [&](const std::string& key) { return member.cache->Holds(key); });
  };
  if (!all([](Member& member) { return member.uplink->stats().welcomed; }))
    return Error{ErrorCode::kUnavailable, "not all agents were welcomed in a minute"};
  for (Member& member : members) RETURN_IF_ERROR(member.uplink->Ask(keys, {}));
  if (all(knows)) return Ok{};
  return Error{ErrorCode::kUnavailable, "not all agents got the keys in a minute"};
}

RevocationFleet::RevocationFleet(std::unique_ptr<State> state) : state_(std::move(state)) {}

RevocationFleet::~RevocationFleet() = default;

Result<std::unique_ptr<RevocationFleet>> RevocationFleet::Make(const std::string& directory, size_t agents,
                                                               size_t keys) {
  auto state = std::make_unique<State>();
  RETURN_IF_ERROR(state->Open(directory));
  RETURN_IF_ERROR(state->AddKeys(keys));
  RETURN_IF_ERROR(state->Join(agents));
  RETURN_IF_ERROR(state->Learn());
  return std::unique_ptr<RevocationFleet>(new RevocationFleet(std::move(state)));
}

Result<Spread> RevocationFleet::Revoke() {
  State& state = *state_;
  if (state.keys.empty()) return Error{ErrorCode::kExhausted, "there are no keys left to revoke"};
  const std::string key = state.keys.back();
  state.keys.pop_back();
  std::atomic<size_t> left{state.members.size()};
  for (Member& member : state.members) member.cache->LookAt(key, left);
  ASSIGN_OR_RETURN(const wire::KeyRecord revoked,
                   state.directory->keys().Revoke(state.administrator, key, "it was lost"));
  const Clock::time_point begin = Clock::now();
  ASSIGN_OR_RETURN(const intake::Reach reach,
                   state.intake->acknowledgements().Await({intake::Concern::Kind::kKey, key},
                                                          revoked.revision(), kPatience));
  if (reach.acknowledged != state.members.size() || left != 0)
    return Error{ErrorCode::kUnavailable, std::to_string(reach.acknowledged) + " of " +
                                              std::to_string(state.members.size()) +
                                              " agents have heard of it"};
  Spread spread;
  for (const Member& member : state.members) {
    const std::chrono::duration<double, std::milli> took = member.cache->revoked_at() - begin;
    spread.milliseconds.push_back(std::max(took.count(), 0.0));
    spread.frame_bytes = member.cache->frame_bytes();
  }
  return spread;
}

}  // namespace postern::bench
