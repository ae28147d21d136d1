#include "agent/uplink/uplink.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "agent/uplink/mailbox.h"
#include "shared/base/guarded.h"
#include "shared/base/log.h"
#include "shared/crypto/random.h"

namespace postern::uplink {
namespace {

constexpr std::chrono::milliseconds kLongestWait{60'000};
constexpr size_t kMostMoney = 16 * 1024;
constexpr std::chrono::milliseconds kFarewell{250};
constexpr std::chrono::seconds kSameRemark{10};  // at most one line of each kind in so long

std::string RandomText(size_t size) {
  std::string bytes(size, '\0');
  crypto::RandomBytes({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

Memory MemoryOf(const Record& record, const Memories& memories, const Money& money) {
  return {.standpoint = record.standpoint,
          .memory = memories.memory,
          .epoch = memories.epoch,
          .revision = memories.revision,
          .enforced = memories.enforced,
          .tombstones = memories.tombstones,
          .make_nonce = [] { return RandomText(wire::kNonceBytes); },
          .clock = money.clock,
          .holdings = money.holdings};
}

Options WithLife(Options options) {
  options.self.life = RandomText(wire::kLifeBytes);
  return options;
}

}  // namespace

struct Uplink::State {
  State(Options with, const crypto::SigningKey& seal_key, Record of_record, Memories of_memories,
        Money of_money)
      : options(WithLife(std::move(with))),
        record(std::move(of_record)),
        memories(std::move(of_memories)),
        money(std::move(of_money)),
        conversation(options.self, MemoryOf(record, memories, money), seal_key) {}

  void Run();
  void FollowConnection();
  void ReadMail(bool& closing);
  void ReadFrames();
  void Perform();
  void Publish();

  void Do(Say& step);
  void Do(Read& step);
  void Do(Acknowledge& step);
  void Do(BeginIncarnation& step);
  void Do(HangUp& step);
  void Do(Greeted& step);
  void Do(Heard& step) { memories.take_answer(step.answer, step.sent); }
  void Do(Remember& step);
  void Do(Learn& step);
  void Do(Open& step);
  void Do(Assemble& step);
  void Do(Quarantined& step) { memories.on_quarantined(step.why); }
  void Do(Dismissed& step);
  void Do(Pay& step);
  void Do(Clocked& step);
  void Do(Begun& step);
  void Do(Remark& step);

  const Options options;
  const Record record;
  const Memories memories;
  const Money money;
  Conversation conversation;  // with all below, but for the last three, the uplink thread's own
  std::unique_ptr<bus::Client> client;
  uint64_t connection = 0;  // the one that the conversation goes on over; 0: none
  bus::ClientState last_state = bus::ClientState::kConnecting;
  Stats counted;

  Guarded<Stats> published;
  const std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::thread thread;  // last: it uses all of the above
};

Result<std::unique_ptr<Uplink>> Uplink::Start(bus::Context& context, Options options,
                                              const crypto::SigningKey& seal_key, Record record,
                                              Memories memories, Money money) {
  auto state = std::make_unique<State>(std::move(options), seal_key, std::move(record), std::move(memories),
                                       std::move(money));
  ASSIGN_OR_RETURN(state->client, bus::Client::Connect(context, state->options.bus));
  state->mailbox->Connect(state->client.get());
  state->record.on_sealed(
      [mailbox = state->mailbox] { mailbox->Put([](Mail& mail) { mail.sealed = true; }); });
  state->thread = std::thread([running = state.get()] { running->Run(); });
  return std::unique_ptr<Uplink>(new Uplink(std::move(state)));
}

Uplink::Uplink(std::unique_ptr<State> state) : state_(std::move(state)) {}

Uplink::~Uplink() {
  state_->record.on_sealed({});
  state_->mailbox->Put([](Mail& mail) { mail.closing = true; });
  state_->thread.join();
  state_->mailbox->Connect(nullptr);
}

Status Uplink::Ask(std::vector<std::string> key_ids, std::vector<wire::OsIdentity> os_users) {
  if (!state_->published.With([](const Stats& stats) { return stats.welcomed; }))
    return Error{ErrorCode::kUnavailable, "there is no conversation with the collector"};
  return *state_->mailbox->Put([&](Mail& mail) -> std::optional<Status> {
    if (mail.keys.size() + mail.os_users.size() + key_ids.size() + os_users.size() > Questions::kMost)
      return Error{ErrorCode::kExhausted, "too many questions wait for the collector's answer"};
    std::move(key_ids.begin(), key_ids.end(), std::back_inserter(mail.keys));
    std::move(os_users.begin(), os_users.end(), std::back_inserter(mail.os_users));
    return Ok{};
  });
}

void Uplink::Tell(wire::FromAgent message) {
  if (!state_->published.With([](const Stats& stats) { return stats.welcomed; })) return;
  state_->mailbox->Put([&](Mail& mail) {
    // A collector that takes nothing must not fill the memory: demands come again.
    if (mail.money.size() < kMostMoney) mail.money.push_back(std::move(message));
  });
}

Stats Uplink::stats() const {
  return state_->published.With([](const Stats& stats) { return stats; });
}

void Uplink::State::Run() {
  for (bool closing = false; !closing;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(conversation.due() - BootClock::now());
    client->Wait(std::clamp(left, std::chrono::milliseconds(0), kLongestWait));
    FollowConnection();
    ReadMail(closing);
    ReadFrames();
    conversation.OnTime(BootClock::now());
    Perform();
    Publish();
  }
  // What was given back before the end frees money for others now, and not at the next start.
  if (conversation.welcomed()) client->Linger(kFarewell);
}

void Uplink::State::FollowConnection() {
  const bool connected = client->state() == bus::ClientState::kConnected;
  if (connection != 0 && (!connected || client->connections() != connection)) {
    connection = 0;
    conversation.OnDisconnected();
    memories.on_disconnected();
  }
  if (connected && connection == 0) {
    connection = client->connections();
    conversation.OnConnected(BootClock::now());
  }
  if (client->state() == last_state) return;
  last_state = client->state();
  Log(last_state == bus::ClientState::kRefused ? Level::kWarning : Level::kInfo, "the collector's connection",
      {{"state", bus::Name(last_state)}, {"address", options.bus.address}});
  if (last_state == bus::ClientState::kRefused) memories.on_refused("", {});
}

void Uplink::State::ReadMail(bool& closing) {
  Mail mail = mailbox->Take();
  const BootTime now = BootClock::now();
  closing = mail.closing;
  for (const Mail::Marks& marks : mail.marks) conversation.OnAcknowledged(marks.what, marks.status, now);
  for (const Mail::Begun& begun : mail.begun) conversation.OnBegun(begun.incarnation, begun.status, now);
  for (wire::FromAgent& message : mail.money) conversation.SayMoney(std::move(message));
  for (Mail::Groups& read : mail.groups) conversation.OnRead(read.round, std::move(read.groups), now);
  if (mail.sealed) conversation.OnSealed(now);
  for (const Mail::Policy& policy : mail.policies)
    conversation.SayPolicySeen(policy.version, policy.sha256, policy.refused);
  if (mail.durable_revision != 0) conversation.OnDurable(mail.durable_revision, now);
  if (mail.dismissed_revision != 0) conversation.OnDismissalDurable(mail.dismissed_revision);
  if (mail.keys.empty() && mail.os_users.empty()) return;
  if (const Status asked = conversation.Ask(mail.keys, mail.os_users, now); !asked)
    LOG_LIMITED(kSameRemark, Level::kWarning, "the collector wasn't asked",
                {{"reason", asked.error().message}});
}

void Uplink::State::ReadFrames() {
  while (auto frame = client->Receive()) {
    const auto message = wire::DecodeFromCollector(*frame);
    if (message) {
      conversation.OnMessage(*message, BootClock::now());
      Perform();
    } else {
      LOG_LIMITED(kSameRemark, Level::kWarning, "the collector sent what can't be read",
                  {{"reason", message.error().message}});
    }
  }
}

void Uplink::State::Perform() {
  for (auto steps = conversation.TakeSteps(); !steps.empty(); steps = conversation.TakeSteps()) {
    for (Step& step : steps) std::visit([this](auto& one) { Do(one); }, step);
  }
}

void Uplink::State::Do(Say& step) {
  if (connection == 0) return;
  const bool events = step.message.has_events();
  uint64_t count = 0;
  for (const wire::Group& group : step.message.events().groups()) count += group.events_size();
  const auto frame = wire::Encode(std::move(step.message));
  if (!frame) {
    Log(Level::kError, "a message to the collector can't be written", {{"reason", frame.error().message}});
    return;
  }
  if (!client->Send(*frame)) {
    // What is in front of it isn't taken, and what comes after it must not arrive without it.
    HangUp hang_up{"the collector takes nothing"};
    Do(hang_up);
    return;
  }
  if (!events) return;
  counted.events_sent += count;
  counted.bytes_sent += frame->size();
}

void Uplink::State::Do(Read& step) {
  record.read_groups(step.reading.after, step.reading.max_bytes,
                     [mailbox = mailbox, round = step.reading.round](auto groups) {
                       mailbox->Put([&](Mail& mail) { mail.groups.push_back({round, std::move(groups)}); });
                     });
}

void Uplink::State::Do(Acknowledge& step) {
  ++counted.acknowledged;
  record.acknowledge(step.marks, step.claim, [mailbox = mailbox, step](Status status) {
    mailbox->Put([&](Mail& mail) { mail.marks.push_back({step, std::move(status)}); });
  });
}

void Uplink::State::Do(BeginIncarnation& step) {
  record.begin_incarnation(
      step.incarnation, [mailbox = mailbox, incarnation = step.incarnation](Status status) {
        mailbox->Put([&](Mail& mail) { mail.begun.push_back({incarnation, std::move(status)}); });
      });
}

void Uplink::State::Do(HangUp& step) {
  if (connection == 0) return;
  Log(Level::kWarning, "the connection to the collector was ended", {{"reason", step.why}});
  client->Reconnect();
  connection = 0;
  conversation.OnDisconnected();
  memories.on_disconnected();
}

void Uplink::State::Do(Greeted& step) {
  const uint64_t revision = step.welcome.freeze().revision();
  memories.take_welcome(step.welcome, step.sent, [mailbox = mailbox, revision] {
    mailbox->Put([&](Mail& mail) { mail.durable_revision = std::max(mail.durable_revision, revision); });
  });
}

void Uplink::State::Do(Assemble& step) {
  memories.take_policy_part(step.part, [mailbox = mailbox](uint64_t version, const std::string& sha256,
                                                           const std::string& refused) {
    mailbox->Put([&](Mail& mail) { mail.policies.push_back({version, sha256, refused}); });
  });
}

void Uplink::State::Do(Remember& step) {
  if (const Status kept = memories.remember(step.memory); !kept)
    LOG_LIMITED(kSameRemark, Level::kWarning, "a memory of the collector's was not taken",
                {{"reason", kept.error().message}});
}

void Uplink::State::Do(Learn& step) {
  const uint64_t revision = step.directory.revision();
  const bool taken = memories.take_directory(step.directory, [mailbox = mailbox, revision] {
    mailbox->Put([&](Mail& mail) { mail.durable_revision = std::max(mail.durable_revision, revision); });
  });
  if (!taken) conversation.AskAgain(step.directory, BootClock::now());
}

void Uplink::State::Do(Open& step) {
  if (const Status opened = memories.take_credential(step.credential); opened) {
    conversation.SayCredentialSeen(step.credential.name() + "#" +
                                   std::to_string(step.credential.generation()));
  } else {
    LOG_LIMITED(kSameRemark, Level::kWarning, "a sealed credential was not taken",
                {{"credential", step.credential.name()}, {"reason", opened.error().message}});
  }
}

void Uplink::State::Do(Dismissed& step) {
  memories.on_refused(step.why, [mailbox = mailbox, revision = step.revision] {
    mailbox->Put([&](Mail& mail) { mail.dismissed_revision = revision; });
  });
}

void Uplink::State::Do(Pay& step) {
  if (money.take_grant) money.take_grant(step.grant);
}

void Uplink::State::Do(Clocked& step) {
  if (money.take_time) money.take_time(step);
}

void Uplink::State::Do(Begun& step) {
  if (money.begin) money.begin(step.incarnation);
}

void Uplink::State::Do(Remark& step) {
  LOG_LIMITED(std::chrono::seconds(1), Level::kWarning, step.sentence, {{"reason", step.reason}});
}

void Uplink::State::Publish() {
  counted.connection = client->state();
  counted.connections = client->connections();
  counted.welcomed = conversation.welcomed();
  counted.trouble = conversation.trouble();
  published.With([this](Stats& stats) { stats = counted; });
}

}  // namespace postern::uplink
