#include "tests/bench/bare_fleet.h"

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include <zmq.h>

namespace postern::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 60s;

struct Keys {
  std::array<char, 41> open{}, secret{};
  Keys() { zmq_curve_keypair(open.data(), secret.data()); }
};

struct Context {
  void* const context = zmq_ctx_new();
  ~Context() { zmq_ctx_term(context); }
};

class Socket {
 public:
  Socket(void* context, int type) : socket_(zmq_socket(context, type)) {
    const int none = 0;
    if (socket_ != nullptr) zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
  }
  ~Socket() {
    if (socket_ != nullptr) zmq_close(socket_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  void* get() const { return socket_; }
  bool SetText(int option, const char* text) const { return zmq_setsockopt(socket_, option, text, 40) == 0; }

 private:
  void* const socket_;
};

bool WaitFor(const std::atomic<size_t>& left) {
  const auto end = Clock::now() + kPatience;
  while (left.load(std::memory_order_acquire) != 0) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

}  // namespace

struct BareFleet::State {
  struct Peer {
    std::atomic<Clock::time_point> got{};
    std::thread thread;
  };

  ~State() {
    zmq_ctx_shutdown(client_context.context);
    for (const auto& peer : peers) peer->thread.join();
  }
  Status Listen();
  void Run(Peer& peer);
  Status Meet();

  const Keys server_keys;
  Context server_context, client_context;
  std::unique_ptr<Socket> router;
  std::string endpoint;
  std::vector<std::string> routing_ids;
  std::atomic<size_t> left{0};
  std::vector<std::unique_ptr<Peer>> peers;
};

Status BareFleet::State::Listen() {
  router = std::make_unique<Socket>(server_context.context, ZMQ_ROUTER);
  const int yes = 1, backlog = 4096;
  char bound[256] = {};
  size_t size = sizeof(bound);
  const bool listens = router->get() != nullptr &&
                       zmq_setsockopt(router->get(), ZMQ_CURVE_SERVER, &yes, sizeof(yes)) == 0 &&
                       zmq_setsockopt(router->get(), ZMQ_BACKLOG, &backlog, sizeof(backlog)) == 0 &&
                       router->SetText(ZMQ_CURVE_SECRETKEY, server_keys.secret.data()) &&
                       zmq_bind(router->get(), "tcp://127.0.0.1:*") == 0 &&
                       zmq_getsockopt(router->get(), ZMQ_LAST_ENDPOINT, bound, &size) == 0;
  if (!listens) return Error{ErrorCode::kUnavailable, "a bare ROUTER can't listen"};
  endpoint = bound;
  return Ok{};
}

void BareFleet::State::Run(Peer& peer) {
  const Keys keys;
  const Socket dealer(client_context.context, ZMQ_DEALER);
  dealer.SetText(ZMQ_CURVE_SERVERKEY, server_keys.open.data());
  dealer.SetText(ZMQ_CURVE_PUBLICKEY, keys.open.data());
  dealer.SetText(ZMQ_CURVE_SECRETKEY, keys.secret.data());
  if (zmq_connect(dealer.get(), endpoint.c_str()) != 0) return;
  zmq_send(dealer.get(), "hello", 5, 0);
  std::array<char, 4096> frame{};
  while (zmq_recv(dealer.get(), frame.data(), frame.size(), 0) >= 0) {
    peer.got = Clock::now();
    left.fetch_sub(1, std::memory_order_acq_rel);
  }
}

Status BareFleet::State::Meet() {
  const int timeout = 60'000;
  zmq_setsockopt(router->get(), ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
  while (routing_ids.size() < peers.size()) {
    std::array<char, 64> id{}, word{};
    const int size = zmq_recv(router->get(), id.data(), id.size(), 0);
    if (size < 0 || zmq_recv(router->get(), word.data(), word.size(), 0) < 0)
      return Error{ErrorCode::kUnavailable, "not all bare peers came in a minute"};
    routing_ids.emplace_back(id.data(), static_cast<size_t>(size));
  }
  return Ok{};
}

BareFleet::BareFleet(std::unique_ptr<State> state) : state_(std::move(state)) {}

BareFleet::~BareFleet() = default;

Result<std::unique_ptr<BareFleet>> BareFleet::Make(size_t peers) {
  auto state = std::make_unique<State>();
  zmq_ctx_set(state->client_context.context, ZMQ_MAX_SOCKETS, static_cast<int>(peers) + 16);
  RETURN_IF_ERROR(state->Listen());
  for (size_t i = 0; i < peers; ++i) {
    State::Peer& peer = *state->peers.emplace_back(std::make_unique<State::Peer>());
    peer.thread = std::thread([&running = *state, &peer] { running.Run(peer); });
  }
  RETURN_IF_ERROR(state->Meet());
  return std::unique_ptr<BareFleet>(new BareFleet(std::move(state)));
}

Result<std::vector<double>> BareFleet::Send(size_t bytes) {
  State& state = *state_;
  const std::string frame(bytes, 'r');
  state.left = state.peers.size();
  const Clock::time_point begin = Clock::now();
  for (const std::string& id : state.routing_ids) {
    zmq_send(state.router->get(), id.data(), id.size(), ZMQ_SNDMORE);
    zmq_send(state.router->get(), frame.data(), frame.size(), 0);
  }
  if (!WaitFor(state.left)) return Error{ErrorCode::kUnavailable, "not all bare peers had it in a minute"};
  std::vector<double> milliseconds;
  for (const auto& peer : state.peers)
    milliseconds.push_back(std::chrono::duration<double, std::milli>(peer->got.load() - begin).count());
  return milliseconds;
}

}  // namespace postern::bench
