#include "shared/bus/server.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/base/check.h"
#include "shared/base/hex.h"
#include "shared/bus/connections.h"
#include "shared/bus/door.h"
#include "shared/bus/socket.h"

namespace postern::bus {
namespace {

constexpr int kMessagesOfAPeer = 16;   // that wait to be received
constexpr int kMessagesForAPeer = 64;  // that wait to be sent
constexpr int kBacklog = 4096;  // connections that the kernel holds while a thousand agents come back at once
constexpr int kDroppedAtATime = 256;   // before Receive returns to its caller
constexpr size_t kRoutingIdBytes = 5;  // what ZeroMQ gives a peer that has no id of its own: 0, and a number

struct Context {
  void* const context = zmq_ctx_new();
  ~Context() {
    if (context != nullptr) CHECK(zmq_ctx_term(context) == 0);
  }
};

std::optional<Peer> PeerOf(std::string_view routing_id) {
  if (routing_id.size() != kRoutingIdBytes || routing_id[0] != 0) return std::nullopt;
  uint32_t number = 0;
  for (const char byte : routing_id.substr(1)) number = number << 8 | static_cast<unsigned char>(byte);
  return Peer{number};
}

std::string RoutingIdOf(Peer peer) {
  const auto number = static_cast<uint32_t>(peer);
  return {0, static_cast<char>(number >> 24), static_cast<char>(number >> 16), static_cast<char>(number >> 8),
          static_cast<char>(number)};
}

// A frame with what CURVE and ZMTP put around it: a command's name, a nonce, a flag and a tag; the flags and
// the length.
uint64_t BytesOnTheWire(size_t frame) {
  const uint64_t boxed = frame + kCurveBytes;
  return boxed + (boxed > 255 ? 9 : 2);
}

Status Bind(Socket& router, const std::string& endpoint) {
  if (zmq_bind(router.get(), endpoint.c_str()) == 0) return Ok{};
  const int reason = errno;
  const ErrorCode code = reason == EINVAL || reason == ENODEV ? ErrorCode::kInvalid : ErrorCode::kUnavailable;
  return Error{code, "can't listen for agents at " + endpoint + ": " + zmq_strerror(reason)};
}

uint16_t PortOf(Socket& router) {
  char endpoint[256] = {};
  size_t size = sizeof(endpoint);
  CHECK(zmq_getsockopt(router.get(), ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
  const char* colon = std::strrchr(endpoint, ':');
  CHECK(colon != nullptr);
  return static_cast<uint16_t>(std::atoi(colon + 1));
}

}  // namespace

struct Server::State {
  explicit State(const Admission& table) : admission(table) {}
  ~State() {
    if (door) router.EndMonitor();
  }

  bool Take(std::optional<Incoming>& incoming);
  std::optional<Incoming> Accept(std::optional<Peer> peer, Message& first);
  void CloseRevoked();

  const Admission& admission;
  Context context;
  Connections connections;
  WakeUp wake;
  std::unique_ptr<Door> door;
  Socket router;  // goes before the door: without one, ZeroMQ lets everybody in
  uint16_t port = 0;
  uint64_t judged_version = 0;  // of the admission, up to which revoked connections are closed
  std::atomic<uint64_t> received{0}, received_bytes{0}, dropped{0}, sent{0}, full{0};
};

Result<std::unique_ptr<Server>> Server::Listen(ServerOptions options, const Admission& admission) {
  ASSIGN_OR_RETURN(const std::string endpoint, EndpointOf(options.address));
  auto state = std::make_unique<State>(admission);
  if (state->context.context == nullptr)
    return Error{ErrorCode::kUnavailable, "the system has no descriptors left"};
  ASSIGN_OR_RETURN(state->router, Socket::Make(state->context.context, ZMQ_ROUTER));
  Socket& router = state->router;
  router.Set(ZMQ_CURVE_SERVER, 1);
  router.SetKeys(options.keys);
  router.Set(ZMQ_ZAP_DOMAIN, std::string_view("postern"));
  router.Set(ZMQ_ROUTER_MANDATORY, 1);
  router.Set(ZMQ_MAXMSGSIZE, kMaxBoxedBytes);
  router.Set(ZMQ_RCVHWM, kMessagesOfAPeer);
  router.Set(ZMQ_SNDHWM, kMessagesForAPeer);
  router.Set(ZMQ_BACKLOG, kBacklog);
  router.Set(ZMQ_HANDSHAKE_IVL, kHandshakeMilliseconds);
  router.Set(ZMQ_HEARTBEAT_IVL, kHeartbeatMilliseconds);
  router.Set(ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMilliseconds);
  if (options.address.front() == '[') router.Set(ZMQ_IPV6, 1);
  ASSIGN_OR_RETURN(state->door,
                   Door::Open(state->context.context, router, admission, state->connections, state->wake));
  RETURN_IF_ERROR(Bind(router, endpoint));
  state->port = PortOf(router);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() = default;

uint16_t Server::port() const { return state_->port; }

void Server::Wait(std::chrono::milliseconds timeout) {
  zmq_pollitem_t items[] = {{state_->router.get(), 0, ZMQ_POLLIN, 0},
                            {nullptr, state_->wake.descriptor(), ZMQ_POLLIN, 0}};
  zmq_poll(items, 2, timeout.count());
  if (items[1].revents != 0) state_->wake.Clear();
  state_->CloseRevoked();
}

void Server::State::CloseRevoked() {
  const uint64_t version = admission.version();
  if (version == judged_version) return;
  for (const auto& [peer, key] : connections.Keys()) {
    if (!admission.AgentOf(key)) connections.ClosePeer(peer, "its key is not admitted any more");
  }
  judged_version = version;
}

std::optional<Incoming> Server::Receive() {
  std::optional<Incoming> incoming;
  for (int looked_at = 0; looked_at < kDroppedAtATime && !incoming; ++looked_at) {
    if (!state_->Take(incoming)) break;
  }
  return incoming;
}

// One message out of ZeroMQ's queue: whether there was one. `incoming` is set where it is to be delivered.
bool Server::State::Take(std::optional<Incoming>& incoming) {
  Message routing_id;
  if (!router.Receive(routing_id)) return false;
  Message frame;
  CHECK(routing_id.more() && router.Receive(frame));
  incoming = Accept(PeerOf(routing_id.bytes()), frame);
  std::atomic<uint64_t>& count = incoming ? received : dropped;
  count.fetch_add(1, std::memory_order_relaxed);
  if (incoming) received_bytes.fetch_add(incoming->frame.size(), std::memory_order_relaxed);
  return true;
}

std::optional<Incoming> Server::State::Accept(std::optional<Peer> peer, Message& first) {
  uint64_t bytes = BytesOnTheWire(first.bytes().size());
  const bool in_parts = first.more();
  Message rest;
  for (bool more = in_parts; more; more = rest.more()) {
    CHECK(router.Receive(rest));
    bytes += BytesOnTheWire(rest.bytes().size());
  }
  const int descriptor = first.source();
  const auto key_bytes = FromHex(first.property("User-Id"));
  const auto key = CurveKeyFromBytes(key_bytes ? *key_bytes : std::string());
  if (!peer || !key) {
    connections.CloseDescriptor(descriptor, "it took a routing id of its own choice");
    return std::nullopt;
  }
  const Origin origin{descriptor, *peer, *key};
  const auto agent = admission.AgentOf(*key);
  auto address = connections.Received(origin, agent.value_or(std::string()), bytes);
  if (!address) return std::nullopt;
  if (!agent || in_parts) {
    connections.ClosePeer(*peer,
                          agent ? "it sent a message of several frames" : "its key is not admitted any more");
    return std::nullopt;
  }
  return Incoming{*peer, *agent, *std::move(address), std::string(first.bytes())};
}

namespace {

Error Gone() { return {ErrorCode::kNotFound, "the connection is no more"}; }

}  // namespace

// A ROUTER takes both parts of a message or refuses the first: to whom it goes.
Status Server::Address(Peer peer) {
  const auto key = state_->connections.KeyOf(peer);
  if (!key) return Gone();
  if (!state_->admission.AgentOf(*key)) {
    Cut(peer, "its key is not admitted any more");
    return Error{ErrorCode::kDenied, "the peer's key is not admitted any more"};
  }
  if (state_->router.Send(RoutingIdOf(peer), ZMQ_SNDMORE)) return Ok{};
  if (errno != EAGAIN) return Gone();
  state_->full.fetch_add(1, std::memory_order_relaxed);
  return Error{ErrorCode::kExhausted, "the peer doesn't take what waits for it"};
}

Status Server::Send(Peer peer, std::string_view frame) {
  CHECK(frame.size() <= kMaxFrameBytes);
  RETURN_IF_ERROR(Address(peer));
  if (!state_->router.Send(frame, 0)) return Gone();
  state_->sent.fetch_add(1, std::memory_order_relaxed);
  return Ok{};
}

Status Server::SendShared(Peer peer, const std::shared_ptr<const std::string>& frame,
                          const Waiting& waiting) {
  CHECK(frame->size() <= kMaxFrameBytes);
  RETURN_IF_ERROR(Address(peer));
  if (!state_->router.SendShared(frame, waiting)) return Gone();
  state_->sent.fetch_add(1, std::memory_order_relaxed);
  return Ok{};
}

void Server::Cut(Peer peer, std::string why) { state_->connections.ClosePeer(peer, std::move(why)); }

std::vector<Departure> Server::TakeDepartures() { return state_->connections.TakeDepartures(); }

void Server::Wake() { state_->wake.Raise(); }

ServerStats Server::stats() const {
  const Door::Counts& door = state_->door->counts();
  return {.connections = state_->connections.size(),
          .accepted = door.accepted,
          .unknown_keys = door.unknown_keys,
          .revoked_keys = door.revoked_keys,
          .too_frequent = door.too_frequent,
          .received = state_->received,
          .received_bytes = state_->received_bytes,
          .dropped = state_->dropped,
          .sent = state_->sent,
          .full = state_->full,
          .cut = state_->connections.closed_here()};
}

}  // namespace postern::bus
