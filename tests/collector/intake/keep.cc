#include "tests/collector/intake/keep.h"

#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "collector/chronicle/verify_chains.h"
#include "shared/wire/conversation.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

}  // namespace

Keep::Keep(std::unique_ptr<store::Store> opened)
    : context(*bus::Context::Make(64)),
      master_key(std::make_unique<sealing::MasterKey>(*sealing::MasterKey::Generate())),
      store(std::move(opened)) {
  Open();
}

Keep::~Keep() { Close(); }

// Whatever hosts have sent, every chain that was stored verifies.
void Keep::Close() {
  if (intake == nullptr) return;
  intake.reset();
  directory.reset();
  chronicle.reset();
  const auto verdict = chronicle::VerifyChains(*store, nullptr);
  ASSERT_TRUE(verdict) << verdict.error().message;
  for (const std::string& problem : verdict->problems) ADD_FAILURE() << problem;
}

void Keep::OpenStore(std::unique_ptr<store::Store> opened) {
  Close();
  store = std::move(opened);
}

void Keep::Open(chronicle::Beginning beginning) {
  auto begun = chronicle::Chronicle::Open(
      *store, *log_key, {.beginning = beginning, .program = "run", .version = "", .host = ""});
  ASSERT_TRUE(begun) << begun.error().message;
  chronicle = *std::move(begun);
  directory = std::make_unique<directory::Directory>(*store, *chronicle, *master_key,
                                                     directory::Options{.organisation = "acme"});
  Options options;
  options.bus.address = "127.0.0.1:" + std::to_string(port.number());
  options.bus.keys = curve;
  options.collector = "00112233445566778899aabbccddeeff";
  options.push_patience = 300ms;
  options.policy_patience = 300ms;
  options.decrees = decrees;
  options.wall_now = wall_now;
  auto started = Intake::Start(std::move(options), *store, *directory, *chronicle, *log_key);
  ASSERT_TRUE(started) << started.error().message;
  intake = *std::move(started);
}

Host Keep::Enrol(const std::string& name) {
  Host host;
  const int64_t soon =
      std::chrono::duration_cast<std::chrono::seconds>(WallNow().time_since_epoch()).count() + 3600;
  const auto token = directory->agents().CreateToken(administrator, soon);
  EXPECT_TRUE(token) << token.error().message;
  const auto record =
      directory->agents().Enrol(token->text,
                                {.host = name,
                                 .machine = host.machine,
                                 .curve_key = std::string(bus::AsBytes(host.curve.public_key)),
                                 .seal_key = std::string(host.seal_key->public_key().raw()),
                                 .sealing_key = std::string(host.sealing_key->public_key()),
                                 .version = "1"},
                                "127.0.0.1");
  EXPECT_TRUE(record) << record.error().message;
  host.agent = record->id();
  host.chain.Start();
  return host;
}

std::string Keep::MakeKey(const std::string& user) {
  if (!directory->credentials().Find("main")) {
    EXPECT_TRUE(directory->credentials().Add(
        administrator, {.name = "main", .provider = "anthropic", .header = ""}, "provider-value"));
    EXPECT_TRUE(directory->people().CreateTeam(
        administrator, {.id = "platform", .organisation = "", .credentials = {"main"}, .os_groups = {}}));
  }
  if (!directory->people().FindUser(user)) {
    EXPECT_TRUE(directory->people().CreateUser(
        administrator, {.id = user, .team = "platform", .name = "", .os_names = {user}}));
  }
  directory::NewKey wanted;
  wanted.user = user;
  const auto key = directory->keys().Create(administrator, wanted);
  EXPECT_TRUE(key) << key.error().message;
  return key->record.id();
}

size_t Keep::CountAlarms(const std::string& reason) {
  store::EventFilter filter;
  filter.kind = "alarm";
  size_t count = 0;
  const auto page = store->Find(filter, std::nullopt, 1000);
  EXPECT_TRUE(page) << page.error().message;
  for (const store::StoredEvent& stored : page->events) {
    wire::Event event;
    EXPECT_TRUE(event.ParseFromString(stored.bytes));
    if (event.alarm().reason() == reason) ++count;
  }
  return count;
}

bool Keep::HasAlarm(const std::string& reason) {
  return Until([&] { return CountAlarms(reason) > 0; });
}

bool Keep::Until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

uint64_t Keep::CountStored(const std::string& agent) {
  const auto chains = store->Chains(agent);
  EXPECT_TRUE(chains) << chains.error().message;
  uint64_t count = 0;
  for (const store::Chain& chain : *chains) count += chain.sequence;
  return count;
}

Caller::Caller(Keep& keep, const Host& host) : Caller(keep, host.curve) {}

Caller::Caller(Keep& keep, const bus::CurveKeys& curve) {
  bus::ClientOptions options;
  options.address = "127.0.0.1:" + std::to_string(keep.port.number());
  options.keys = curve;
  options.server_key = keep.curve.public_key;
  options.first_retry = 50ms;
  options.last_retry = 200ms;
  client_ = *bus::Client::Connect(*keep.context, std::move(options));
}

bool Caller::WaitUntilConnected() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (client_->state() != bus::ClientState::kConnected) {
    if (std::chrono::steady_clock::now() > end) return false;
    client_->Wait(10ms);
  }
  return true;
}

void Caller::Say(const wire::FromAgent& message) {
  const auto frame = wire::Encode(message);
  ASSERT_TRUE(frame) << frame.error().message;
  SayRaw(*frame);
}

void Caller::SayRaw(const std::string& frame) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!client_->Send(frame)) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "the frame can't be sent";
    client_->Wait(10ms);
  }
}

std::optional<wire::FromCollector> Caller::HearAny() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (const auto frame = client_->Receive()) {
      auto message = wire::DecodeFromCollector(*frame);
      EXPECT_TRUE(message) << message.error().message;
      return *message;
    }
    client_->Wait(50ms);
  }
  return std::nullopt;
}

std::optional<wire::FromCollector> Caller::Hear(wire::FromCollector::BodyCase kind) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    auto message = HearAny();
    if (message && message->body_case() == kind) return message;
  }
  return std::nullopt;
}

std::optional<wire::Welcome> Caller::Greet(const Host& host) {
  if (!WaitUntilConnected()) return std::nullopt;
  Say(HelloOf(host));
  const auto answer = Hear(wire::FromCollector::kWelcome);
  if (!answer) return std::nullopt;
  return answer->welcome();
}

std::string Caller::GreetAndBeRejected(const Host& host) {
  if (!WaitUntilConnected()) return "not connected";
  Say(HelloOf(host));
  const auto answer = Hear(wire::FromCollector::kRejected);
  return answer ? answer->rejected().reason() : "nothing";
}

std::string Caller::Send(Host& host, const wire::Group& group) { return Send(host, std::vector{group}); }

std::string Caller::Send(Host& host, const std::vector<wire::Group>& groups) {
  Say(EventsOf(groups));
  return HearVerdict(host);
}

std::string Caller::HearVerdict(Host& host) {
  for (auto message = HearAny(); message; message = HearAny()) {
    if (message->has_rejected()) return message->rejected().reason();
    if (!message->has_acknowledged()) continue;
    const wire::Acknowledged& acknowledged = message->acknowledged();
    host.memory = {acknowledged.memory(), acknowledged.memory_signature()};
    const wire::Mark& mark = acknowledged.marks(acknowledged.marks_size() - 1);
    return std::to_string(mark.incarnation()) + ":" + std::to_string(mark.sequence());
  }
  return "nothing";
}

wire::FromAgent HelloOf(const Host& host) {
  wire::FromAgent message;
  wire::Hello& hello = *message.mutable_hello();
  hello.set_life(host.life);
  hello.set_agent_version("1");
  hello.set_host("laptop-17");
  hello.set_machine(host.machine);
  *hello.mutable_now() = wire::ToMark(host.chain.now());
  for (const wire::Mark& mark : host.older) *hello.add_kept() = mark;
  *hello.add_kept() = wire::ToMark(host.chain.now());
  hello.set_memory(host.memory.bytes);
  hello.set_memory_signature(host.memory.signature);
  return message;
}

wire::FromAgent EventsOf(const std::vector<wire::Group>& groups) {
  wire::FromAgent message;
  for (const wire::Group& group : groups) *message.mutable_events()->add_groups() = group;
  return message;
}

wire::FromAgent HeartbeatOf(const Host& host) {
  wire::FromAgent message;
  wire::SignHeartbeat(*message.mutable_heartbeat(), std::string(16, 'n'), host.chain.now(), *host.seal_key);
  return message;
}

wire::Welcome Join(Caller& caller, Host& host) {
  const auto welcome = caller.Greet(host);
  EXPECT_TRUE(welcome);
  if (!welcome) return {};
  if (welcome->incarnation() != host.chain.incarnation()) {
    host.older.push_back(wire::ToMark(host.chain.now()));
    host.chain = HostChain(host.seal_key, welcome->incarnation());
    host.chain.Start();
  }
  return *welcome;
}

}  // namespace postern::intake
