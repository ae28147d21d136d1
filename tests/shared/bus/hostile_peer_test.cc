// Peers that speak ZeroMQ, or nothing like it, in ways that Client never does.
#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/shared/bus/party.h"

namespace postern::bus {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// As much of a flood may wait to be taken.
constexpr size_t kFloodAhead = 10'000;

// A DEALER socket that sends whatever it is told to.
class RawPeer {
 public:
  RawPeer(const Party& party, const CurveKeys& keys, const std::string& routing_id = {})
      : RawPeer(party, keys, party.port, routing_id) {}
  RawPeer(const Party& party, const CurveKeys& keys, uint16_t port, const std::string& routing_id = {}) {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &none, sizeof(none));
    zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, keys.public_key.data(), 32);
    zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, keys.secret_key.data(), 32);
    zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, party.server_keys.public_key.data(), 32);
    if (!routing_id.empty()) zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
    EXPECT_EQ(zmq_connect(socket_, ("tcp://127.0.0.1:" + std::to_string(port)).c_str()), 0);
  }
  ~RawPeer() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  void Send(const std::string& frame, int flags = 0) { zmq_send(socket_, frame.data(), frame.size(), flags); }

 private:
  void* const context_ = zmq_ctx_new();
  void* const socket_ = zmq_socket(context_, ZMQ_DEALER);
};

int Connect(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = Loopback(port);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return socket;
}

// Passes one connection on to the server, but only so many bytes of what the peer sends: the rest of its
// message never comes.
class Dam {
 public:
  Dam(uint16_t server_port, size_t most) : server_port_(server_port), most_(most) {
    const sockaddr_in address = Loopback(0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    thread_ = std::thread([this] { Run(); });
  }
  ~Dam() {
    ::shutdown(listener_, SHUT_RDWR);
    for (const int end : ends_) ::shutdown(end, SHUT_RDWR);
    thread_.join();
    for (const int end : ends_) ::close(end);
    ::close(listener_);
  }
  uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

 private:
  void Run() {
    ends_[0] = ::accept(listener_, nullptr, nullptr);
    if (ends_[0] < 0) return;
    ends_[1] = Connect(server_port_);
    std::thread back([this] { Pass(ends_[1], ends_[0], SIZE_MAX); });
    Pass(ends_[0], ends_[1], most_);
    back.join();
  }
  static void Pass(int from, int to, size_t most) {
    std::vector<char> bytes(64 * 1024);
    while (most > 0) {
      const auto got = ::recv(from, bytes.data(), std::min(bytes.size(), most), 0);
      if (got <= 0) break;
      if (::send(to, bytes.data(), static_cast<size_t>(got), MSG_NOSIGNAL) != got) break;
      most -= static_cast<size_t>(got);
    }
  }

  const uint16_t server_port_;
  const size_t most_;
  const int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::array<std::atomic<int>, 2> ends_{-1, -1};
  std::thread thread_;
};

// A well-behaved agent, whom nothing may hurt.
class HostilePeer : public testing::Test {
 protected:
  void SetUp() override {
    good_ = party_.Connect(party_.Enrol("good"));
    ASSERT_TRUE(party_.Until([&] { return good_->state() == ClientState::kConnected; }));
    ASSERT_TRUE(good_->Send("hello"));
    ASSERT_TRUE(party_.Receives("hello"));
  }
  void TearDown() override {
    ASSERT_TRUE(good_->Send("still here"));
    EXPECT_TRUE(party_.Receives("still here"));
    EXPECT_EQ(good_->connections(), 1u);
  }
  bool Departs(const std::string& why) {
    return party_.Until([&] {
      for (const Departure& departure : party_.departures)
        if (departure.why == why) return true;
      return false;
    });
  }
  size_t ReceivedOf(const std::string& agent) {
    size_t count = 0;
    for (const Incoming& one : party_.received) count += one.agent == agent;
    return count;
  }

  Party party_;
  std::unique_ptr<Client> good_;
};

TEST_F(HostilePeer, AMessageOfSeveralFramesEndsItsConnection) {
  RawPeer peer(party_, party_.Enrol("bad"));
  peer.Send("a", ZMQ_SNDMORE);
  peer.Send("b", ZMQ_SNDMORE);
  peer.Send("c");
  EXPECT_TRUE(Departs("it sent a message of several frames"));
  EXPECT_EQ(ReceivedOf("bad"), 0u);
}

TEST_F(HostilePeer, AMessageThatNeverEndsIsNotKeptInMemory) {
  const Dam dam(party_.port, size_t{40} << 20);
  RawPeer peer(party_, party_.Enrol("bad"), dam.port());
  peer.Send("hello");
  ASSERT_TRUE(party_.Until([&] { return ReceivedOf("bad") == 1; }));
  const std::string part(kMaxFrameBytes / 2, 'x');
  for (int i = 0; i < 100; ++i) peer.Send(part, ZMQ_SNDMORE);
  peer.Send(part);
  EXPECT_TRUE(Departs("it sent more than may wait unread"));
  EXPECT_EQ(ReceivedOf("bad"), 1u);
}

TEST_F(HostilePeer, AStrangersMessageThatNeverEndsIsNotKeptEither) {
  const Dam dam(party_.port, size_t{300} << 10);
  RawPeer peer(party_, party_.Enrol("bad"), dam.port());
  peer.Send(std::string(kMaxFrameBytes, 'x'));
  ASSERT_TRUE(party_.Until([&] { return party_.server->stats().cut >= 1; }));
  EXPECT_EQ(ReceivedOf("bad"), 0u);
}

TEST_F(HostilePeer, AFrameThatIsTooLargeEndsItsConnection) {
  RawPeer peer(party_, party_.Enrol("bad"));
  peer.Send("hello");
  ASSERT_TRUE(party_.Until([&] { return ReceivedOf("bad") == 1; }));
  peer.Send(std::string(2 * kMaxFrameBytes, 'x'));
  ASSERT_TRUE(party_.Until([&] { return !party_.departures.empty(); }));
  EXPECT_EQ(party_.departures[0].agent, "bad");
  EXPECT_EQ(ReceivedOf("bad"), 1u);
}

TEST_F(HostilePeer, ARoutingIdOfThePeersOwnChoiceIsNotTaken) {
  RawPeer long_one(party_, party_.Enrol("bad"), "I choose my own");
  long_one.Send("hello");
  ASSERT_TRUE(party_.Until([&] { return party_.server->stats().cut >= 1; }));
  EXPECT_EQ(ReceivedOf("bad"), 0u);
}

TEST_F(HostilePeer, AFloodDoesntKeepOthersWaiting) {
  RawPeer peer(party_, party_.Enrol("bad"));
  peer.Send("hello");
  ASSERT_TRUE(party_.Until([&] { return ReceivedOf("bad") == 1; }));
  // It goes on for as long as somebody waits: whoever had to wait for its end would wait for ever.
  std::atomic<size_t> taken = 0;
  size_t sent = 1;
  std::jthread flood([&](const std::stop_token& over) {
    while (!over.stop_requested()) {
      if (sent - taken < kFloodAhead) peer.Send("x"), ++sent;
      else std::this_thread::yield();
    }
  });
  const auto served = [&](const std::string& frame) {
    return party_.Until([&] {
      taken = ReceivedOf("bad");
      return std::any_of(party_.received.rbegin(), party_.received.rend(),
                         [&](const Incoming& one) { return one.frame == frame; });
    });
  };
  EXPECT_TRUE(party_.Until([&] { return (taken = ReceivedOf("bad")) > 100; }));
  for (const std::string frame : {"in between", "and again"}) {
    ASSERT_TRUE(good_->Send(frame));
    EXPECT_TRUE(served(frame));
  }
  flood.request_stop();
  flood.join();
  EXPECT_TRUE(party_.Until([&] { return ReceivedOf("bad") == sent; })) << "none of it is lost";
}

TEST_F(HostilePeer, ASecondConnectionOfAnAgentEndsTheFirst) {
  const CurveKeys keys = party_.Enrol("twin");
  RawPeer first(party_, keys);
  first.Send("first");
  ASSERT_TRUE(party_.Receives("first"));
  RawPeer second(party_, keys);
  second.Send("second");
  ASSERT_TRUE(party_.Receives("second"));
  EXPECT_TRUE(Departs("another connection was made with the same agent's key"));
}

TEST_F(HostilePeer, AKeyThatComesTooOftenIsSentAway) {
  const CurveKeys keys = party_.Enrol("bad");
  std::vector<std::unique_ptr<RawPeer>> peers;
  // Thirty at once may, and one more each second; they come as fast as they can.
  EXPECT_TRUE(party_.Until([&] {
    if (party_.server->stats().too_frequent >= 1) return true;
    if (peers.size() < 300) peers.push_back(std::make_unique<RawPeer>(party_, keys));
    return false;
  }));
}

class TcpPeer {
 public:
  explicit TcpPeer(uint16_t port) : socket_(Connect(port)) {}
  ~TcpPeer() { ::close(socket_); }
  void Send(const std::string& bytes) {
    EXPECT_GE(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
  }

 private:
  const int socket_;
};

TEST_F(HostilePeer, BytesThatAreNoZeromqAreClosed) {
  const uint64_t before = party_.server->stats().connections;
  TcpPeer http(party_.port);
  http.Send("GET / HTTP/1.1\r\nHost: postern\r\n\r\n" + std::string(200, 'x'));
  TcpPeer plain(party_.port);
  // A proper greeting of ZMTP 3.1, but with the mechanism NULL.
  std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL", 16);
  greeting.resize(64);
  plain.Send(greeting);
  EXPECT_TRUE(party_.Until([&] {
    const ServerStats stats = party_.server->stats();
    return stats.accepted >= before + 2 && stats.connections == before;
  }));
}

}  // namespace
}  // namespace postern::bus
