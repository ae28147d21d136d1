#include "shared/bus/client.h"

#include <algorithm>
#include <atomic>
#include <random>

#include <poll.h>

#include "shared/base/check.h"
#include "shared/bus/socket.h"
#include "shared/crypto/random.h"

namespace postern::bus {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMessagesEachWay = 64;
// ZeroMQ doesn't tell of a name that can't be resolved, and a lost SYN it waits out for minutes.
constexpr std::chrono::seconds kConnectWithin{10};
constexpr std::chrono::milliseconds kHandshakeWithin{kHandshakeMilliseconds};
constexpr std::chrono::seconds kGoodConnection{
    10};  // one that lasted so long makes the next pause a short one again

std::string MonitorName() {
  static std::atomic<uint64_t> last{0};
  return "client-monitor-" + std::to_string(last.fetch_add(1));
}

uint32_t Seed() {
  uint8_t bytes[4];
  crypto::RandomBytes(bytes);
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace

const char* Name(ClientState state) {
  switch (state) {
    case ClientState::kConnecting: return "connecting";
    case ClientState::kConnected: return "connected";
    case ClientState::kRefused: return "refused";
  }
  return "unknown";
}

struct Client::State {
  State(void* zmq_context, ClientOptions with)
      : context(zmq_context), options(std::move(with)), pause(options.first_retry) {}
  ~State() { Close(); }

  Status Dial();
  void Close();
  void HangUp(ClientState now);
  void ReadMonitor();
  void OnEvent(const Monitor::Event& event);
  void OnTime();
  std::chrono::milliseconds Bounded(std::chrono::milliseconds timeout) const;

  void* const context;
  const ClientOptions options;
  std::string endpoint;
  ClientState standing = ClientState::kConnecting;
  uint64_t connections = 0;
  std::chrono::milliseconds pause;  // before the next attempt, at most
  std::minstd_rand random{Seed()};
  Clock::time_point connected_at{};
  Clock::time_point due{};  // the end of the attempt under way, or of the pause
  WakeUp wake;
  Socket socket;  // none during a pause
  Monitor monitor;
  int socket_descriptor = -1;
  int monitor_descriptor = -1;
  bool drained = false;  // nothing has been done with the socket since it had nothing to receive
};

Result<std::unique_ptr<Client>> Client::Connect(Context& context, ClientOptions options) {
  ASSIGN_OR_RETURN(std::string endpoint, EndpointOf(options.address));
  auto state = std::make_unique<State>(context.context_, std::move(options));
  state->endpoint = std::move(endpoint);
  RETURN_IF_ERROR(state->Dial());
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}

Client::~Client() = default;

ClientState Client::state() const { return state_->standing; }

uint64_t Client::connections() const { return state_->connections; }

void Client::Linger(std::chrono::milliseconds most) {
  if (state_->socket) state_->socket.Set(ZMQ_LINGER, static_cast<int>(most.count()));
}

Status Client::State::Dial() {
  ASSIGN_OR_RETURN(Socket made, Socket::Make(context, ZMQ_DEALER));
  made.SetKeys(options.keys);
  made.Set(ZMQ_CURVE_SERVERKEY, AsBytes(options.server_key));
  made.Set(ZMQ_MAXMSGSIZE, kMaxBoxedBytes);
  made.Set(ZMQ_RCVHWM, kMessagesEachWay);
  made.Set(ZMQ_SNDHWM, kMessagesEachWay);
  made.Set(ZMQ_HANDSHAKE_IVL, kHandshakeMilliseconds);
  made.Set(ZMQ_HEARTBEAT_IVL, kHeartbeatMilliseconds);
  made.Set(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMilliseconds);
  made.Set(ZMQ_RECONNECT_IVL, -1);  // the next connection is another socket
  made.Set(ZMQ_IPV6, 1);            // names of hosts that have only such an address
  ASSIGN_OR_RETURN(monitor, Monitor::Of(context, made, MonitorName(), ZMQ_EVENT_ALL));
  socket = std::move(made);
  if (zmq_connect(socket.get(), endpoint.c_str()) != 0) {
    const int reason = errno;
    Close();
    return Error{ErrorCode::kInvalid, "can't connect to " + endpoint + ": " + zmq_strerror(reason)};
  }
  socket_descriptor = socket.descriptor();
  monitor_descriptor = monitor.descriptor();
  drained = false;
  due = Clock::now() + kConnectWithin;
  return Ok{};
}

void Client::State::Close() {
  if (!socket) return;
  socket.EndMonitor();
  monitor = {};
  socket = {};
}

void Client::State::HangUp(ClientState now) {
  if (standing == ClientState::kConnected && Clock::now() - connected_at > kGoodConnection)
    pause = options.first_retry;
  standing = now;
  Close();
  std::uniform_int_distribution<int64_t> part(pause.count() / 2, pause.count());
  due = Clock::now() + std::chrono::milliseconds(part(random));
  pause = std::min(pause * 2, options.last_retry);
}

void Client::State::ReadMonitor() {
  while (socket) {
    const auto event = monitor.Receive();
    if (!event) return;
    OnEvent(*event);
  }
}

void Client::State::OnEvent(const Monitor::Event& event) {
  switch (event.event) {
    case ZMQ_EVENT_CONNECTED: due = Clock::now() + kHandshakeWithin; break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      standing = ClientState::kConnected;
      ++connections;
      connected_at = Clock::now();
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      HangUp(event.value == kRevokedStatusNumber ? ClientState::kRefused : ClientState::kConnecting);
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_DISCONNECTED:
      HangUp(standing == ClientState::kRefused ? ClientState::kRefused : ClientState::kConnecting);
      break;
    default: break;
  }
}

void Client::State::OnTime() {
  if (standing == ClientState::kConnected || Clock::now() < due) return;
  // Where an attempt finds no sockets, or took too long, the next pause follows.
  if (socket || !Dial()) HangUp(standing);
}

std::chrono::milliseconds Client::State::Bounded(std::chrono::milliseconds timeout) const {
  if (standing == ClientState::kConnected) return timeout;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
  return std::clamp(left, std::chrono::milliseconds(0), timeout);
}

// Not zmq_poll, which asks the kernel four times as often in each turn: with a thousand agents on one machine
// a revocation waits for that (tests/bench/README.md).
void Client::Wait(std::chrono::milliseconds timeout) {
  State& state = *state_;
  const bool at_once = state.socket && !state.drained && state.socket.CanReceive();
  pollfd items[] = {{state.wake.descriptor(), POLLIN, 0},
                    {state.monitor_descriptor, POLLIN, 0},
                    {state.socket_descriptor, POLLIN, 0}};
  ::poll(items, state.socket ? 3 : 1, at_once ? 0 : static_cast<int>(state.Bounded(timeout).count()));
  if (items[0].revents != 0) state.wake.Clear();
  if (items[2].revents != 0) state.drained = !state.socket.CanReceive();
  if (items[1].revents != 0) state.ReadMonitor();
  state.OnTime();
}

std::optional<std::string> Client::Receive() {
  State& state = *state_;
  while (state.socket) {
    if (state.drained) return std::nullopt;
    Message frame;
    state.drained = !state.socket.Receive(frame);
    if (state.drained) return std::nullopt;
    if (!frame.more()) return std::string(frame.bytes());
    // A server of ours sends none of several frames: whatever this is, it is passed over.
    Message rest;
    do {
      CHECK(state.socket.Receive(rest));
    } while (rest.more());
  }
  return std::nullopt;
}

Status Client::Send(std::string_view frame) {
  CHECK(frame.size() <= kMaxFrameBytes);
  if (state_->standing != ClientState::kConnected)
    return Error{ErrorCode::kUnavailable, "there is no connection to the collector"};
  state_->drained = false;
  if (!state_->socket.Send(frame, 0))
    return Error{ErrorCode::kExhausted, "the collector doesn't take what waits for it"};
  return Ok{};
}

void Client::Reconnect() {
  if (state_->socket) state_->HangUp(ClientState::kConnecting);
}

void Client::Wake() { state_->wake.Raise(); }

}  // namespace postern::bus
