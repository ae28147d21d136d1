#include "shared/bus/door.h"

#include <algorithm>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "shared/base/check.h"
#include "shared/base/hex.h"

namespace postern::bus {
namespace {

// RFC 27: version, request id, domain, address, identity, mechanism, and for CURVE the key.
constexpr size_t kVersion = 0, kRequestId = 1, kMechanism = 5, kKey = 6, kQuestionParts = 7;

constexpr int kKnocksAtOnce = 30;
constexpr std::chrono::seconds kBetweenKnocks{1};
constexpr std::chrono::seconds kForgetKnocksEvery{10};

constexpr std::chrono::milliseconds kInspectEvery{250};
constexpr size_t kInspectedAtATime = 2'000;  // more connections are looked at more rarely
constexpr std::chrono::seconds kFirstMessageWithin{60};
constexpr uint64_t kMostHeldOfStranger = uint64_t{128} << 10;
constexpr uint64_t kMostHeld = uint64_t{32} << 20;

constexpr size_t kDescriptorsForOthers = 256;

size_t MostConnections() {
  rlimit limit{};
  CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const auto descriptors = static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
  return descriptors > 2 * kDescriptorsForOthers ? descriptors - kDescriptorsForOthers : descriptors / 2;
}

// How many bytes of a connection lie in this process: all that came, without what still lies in the kernel
// and what was delivered. ZeroMQ's own bound counts whole messages, and a message of many frames is not whole
// until its last.
uint64_t HeldBytes(const Sight& sight) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(sight.descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  int in_kernel = 0;
  if (::ioctl(sight.descriptor, FIONREAD, &in_kernel) != 0) return 0;
  const uint64_t gone = sight.delivered + static_cast<uint64_t>(in_kernel);
  return info.tcpi_bytes_received > gone ? info.tcpi_bytes_received - gone : 0;
}

}  // namespace

bool Knocks::MayEnter(const CurveKey& key, Clock::time_point now) {
  if (now >= forget_at_) Forget(now);
  Clock::time_point& full_again = full_again_[key];
  full_again = std::max(full_again, now);
  if (full_again - now > kBetweenKnocks * (kKnocksAtOnce - 1)) return false;
  full_again += kBetweenKnocks;
  return true;
}

void Knocks::Forget(Clock::time_point now) {
  std::erase_if(full_again_, [&](const auto& knock) { return knock.second <= now; });
  forget_at_ = now + kForgetKnocksEvery;
}

Result<std::unique_ptr<Door>> Door::Open(void* context, Socket& router, const Admission& admission,
                                         Connections& connections, WakeUp& changed) {
  ASSIGN_OR_RETURN(Socket questions, Socket::Make(context, ZMQ_REP));
  CHECK(zmq_bind(questions.get(), "inproc://zeromq.zap.01") == 0);
  ASSIGN_OR_RETURN(Monitor monitor, Monitor::Of(context, router, "server-monitor",
                                                ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED));
  return std::unique_ptr<Door>(
      new Door(std::move(questions), std::move(monitor), admission, connections, changed));
}

Door::Door(Socket questions, Monitor monitor, const Admission& admission, Connections& connections,
           WakeUp& changed)
    : questions_(std::move(questions)),
      monitor_(std::move(monitor)),
      admission_(admission),
      connections_(connections),
      changed_(changed),
      most_connections_(MostConnections()),
      thread_([this] { Run(); }) {}

Door::~Door() {
  closing_.store(true);
  close_.Raise();
  thread_.join();
}

void Door::Run() {
  while (!closing_.load()) {
    zmq_pollitem_t items[] = {{monitor_.get(), 0, ZMQ_POLLIN, 0},
                              {questions_.get(), 0, ZMQ_POLLIN, 0},
                              {nullptr, close_.descriptor(), ZMQ_POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(inspect_at_ - Clock::now());
    zmq_poll(items, 3, std::max<long>(left.count(), 0));
    // In this order: a connection is known here before its handshake can end.
    ReadMonitor();
    AnswerQuestions();
    if (Clock::now() >= inspect_at_) Inspect();
  }
}

void Door::ReadMonitor() {
  while (const auto event = monitor_.Receive()) {
    if (event->event == ZMQ_EVENT_ACCEPTED) {
      counts_.accepted.fetch_add(1, std::memory_order_relaxed);
      connections_.Opened(event->value, Clock::now());
      if (connections_.size() > most_connections_)
        connections_.CloseDescriptor(event->value, "there are too many connections");
    } else {
      connections_.Closed(event->value);
      changed_.Raise();
    }
  }
}

void Door::AnswerQuestions() {
  for (;;) {
    std::array<Message, kQuestionParts> question;
    if (!questions_.Receive(question[0])) return;
    Answer(question);
  }
}

void Door::Answer(std::array<Message, kQuestionParts>& question) {
  size_t parts = 1;
  while (parts < question.size() && question[parts - 1].more()) CHECK(questions_.Receive(question[parts++]));
  Message rest;
  for (bool more = question[parts - 1].more(); more; more = rest.more()) CHECK(questions_.Receive(rest));
  const bool is_curve = parts == question.size() && question[kMechanism].bytes() == "CURVE";
  const std::string_view key = is_curve ? question[kKey].bytes() : std::string_view();
  const Reply reply = Judge(key);
  // The user id is the key, not the agent's name: so a message is judged by the very key that its connection
  // was made with.
  const std::string user_id = reply.status[0] == '2' ? ToHex(key) : std::string();
  questions_.Send(question[kVersion].bytes(), ZMQ_SNDMORE);
  questions_.Send(question[kRequestId].bytes(), ZMQ_SNDMORE);
  questions_.Send(reply.status, ZMQ_SNDMORE);
  questions_.Send(reply.text, ZMQ_SNDMORE);
  questions_.Send(user_id, ZMQ_SNDMORE);
  questions_.Send({}, 0);
}

// 300, which is meant for such cases, leaves a handshake hanging for a minute where this thread answers late.
constexpr Door::Reply kComeAgain{"500", "not now"};
constexpr Door::Reply kRevoked{kRevokedStatus, "revoked"};
constexpr Door::Reply kAdmitted{"200", "admitted"};

Door::Reply Door::Judge(std::string_view bytes) {
  const auto key = CurveKeyFromBytes(bytes);
  const Standing standing = key ? admission_.StandingOf(*key) : Standing::kUnknown;
  if (standing == Standing::kRevoked) {
    counts_.revoked_keys.fetch_add(1, std::memory_order_relaxed);
    return kRevoked;
  }
  if (standing == Standing::kUnknown) {
    counts_.unknown_keys.fetch_add(1, std::memory_order_relaxed);
    return kComeAgain;
  }
  if (!knocks_.MayEnter(*key, Clock::now())) {
    counts_.too_frequent.fetch_add(1, std::memory_order_relaxed);
    return kComeAgain;
  }
  return kAdmitted;
}

void Door::Inspect() {
  const auto sights = connections_.Look();
  const auto now = Clock::now();
  for (const Sight& sight : sights) {
    if (!sight.known && now - sight.accepted > kFirstMessageWithin) {
      connections_.CloseSeen(sight, "nothing was said on it");
    } else if (HeldBytes(sight) > (sight.known ? kMostHeld : kMostHeldOfStranger)) {
      connections_.CloseSeen(sight, "it sent more than may wait unread");
    }
  }
  const auto rounds = static_cast<int>(1 + sights.size() / kInspectedAtATime);
  inspect_at_ = now + kInspectEvery * rounds;
}

}  // namespace postern::bus
