// The smallest upstream that the load generator's script asks for: raw epoll, one thread, plain HTTP. It
// exists so that the upstream can be shown not to be what is measured; the provider simulator is the default
// where it is built.
//
//   postern-bench-upstream --port PORT
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/check.h"
#include "tests/bench/upstream_script.h"

namespace postern::bench {
namespace {

using Clock = std::chrono::steady_clock;

std::string Chunk(std::string_view event) {
  std::array<char, 16> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", event.size());
  return std::string(size.data()).append(event).append("\r\n");
}

std::string Event(std::string_view name, std::string_view data) {
  return std::string("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
}

// What is written, piece by piece: a paced answer waits between pieces.
struct Script {
  std::vector<std::string> pieces;
};

Script MessageScript() {
  const std::string open =
      R"({"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5","content":[{"type":"text","text":")";
  const std::string close =
      R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":75,"output_tokens":200}})";
  const std::string body = open + std::string(1024 - open.size() - close.size(), 'a') + close;
  return {{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nrequest-id: req_1\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body}};
}

Script StreamScript() {
  Script script;
  script.pieces.push_back(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nrequest-id: req_1\r\nTransfer-Encoding: "
      "chunked\r\n\r\n" +
      Chunk(Event(
          "message_start",
          R"({"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5",)"
          R"("content":[],"stop_reason":null,"usage":{"input_tokens":75,"output_tokens":1}}})")) +
      Chunk(Event("content_block_start",
                  R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})")));
  const std::string open = R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")";
  const std::string frame = Event("content_block_delta", open + R"("}})");
  const std::string text(frame.size() < kEventBytes ? kEventBytes - frame.size() : 1, 'a');
  for (int i = 0; i < kEventsInAnswer; ++i)
    script.pieces.push_back(Chunk(Event("content_block_delta", open + text + R"("}})")));
  script.pieces.push_back(
      Chunk(Event("content_block_stop", R"({"type":"content_block_stop","index":0})")) +
      Chunk(Event(
          "message_delta",
          R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":200}})")) +
      Chunk(Event("message_stop", R"({"type":"message_stop"})")) + "0\r\n\r\n");
  return script;
}

struct Peer {
  int socket = -1;
  uint64_t id = 0;  // a timer may outlive its peer
  std::string head;
  uint64_t body_left = 0;
  Answer answer = Answer::kMessage;
  const Script* script = nullptr;
  size_t next_piece = 0;
  size_t piece_sent = 0;
  bool waits_to_write = false;
};

class Upstream {
 public:
  explicit Upstream(uint16_t port) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(256 * 1024) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 4096) == 0);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
    CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0);
  }

  void Run() {
    for (;;) {
      std::array<epoll_event, 256> events;
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), NextTimeout());
      for (int i = 0; i < count; ++i) {
        if (events[i].data.u64 == 0) Accept();
        else Serve(events[i].data.u64, events[i].events);
      }
      while (!timers_.empty() && timers_.top().first <= Clock::now()) {
        const uint64_t id = timers_.top().second;
        timers_.pop();
        if (const auto peer = peers_.find(id); peer != peers_.end() && !Write(*peer->second, 1)) Drop(id);
      }
    }
  }

 private:
  int NextTimeout() const {
    if (timers_.empty()) return -1;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timers_.top().first - Clock::now());
    return static_cast<int>(std::max<int64_t>(0, wait.count()));
  }

  void Accept() {
    for (;;) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const uint64_t id = next_id_++;
      auto peer = std::make_unique<Peer>();
      peer->socket = socket;
      peer->id = id;
      peers_.emplace(id, std::move(peer));
      epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = id}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    }
  }

  void Drop(uint64_t id) {
    ::close(peers_.at(id)->socket);
    peers_.erase(id);
  }

  void Serve(uint64_t id, uint32_t events) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) return;
    Peer& peer = *found->second;
    if ((events & EPOLLIN) != 0 && !Read(peer)) return Drop(id);
    if ((events & EPOLLOUT) != 0 && peer.waits_to_write && !Write(peer, PiecesAtOnce(peer))) Drop(id);
  }

  static size_t PiecesAtOnce(const Peer& peer) { return peer.answer == Answer::kPaced ? 1 : SIZE_MAX; }

  // False when the peer is gone.
  bool Read(Peer& peer) {
    for (;;) {
      const ssize_t count = ::recv(peer.socket, buffer_.data(), buffer_.size(), 0);
      if (count < 0) return errno == EAGAIN;
      if (count == 0) return false;
      std::string_view bytes(buffer_.data(), static_cast<size_t>(count));
      while (!bytes.empty()) {
        if (peer.body_left > 0) {
          const size_t taken = std::min<uint64_t>(peer.body_left, bytes.size());
          bytes.remove_prefix(taken);
          peer.body_left -= taken;
        } else {
          const size_t before = peer.head.size();
          peer.head += bytes;
          const size_t end = peer.head.find("\r\n\r\n");
          if (end == std::string::npos) break;
          bytes.remove_prefix(end + 4 - before);
          peer.head.resize(end + 2);
          ReadHead(peer);
          if (peer.body_left > 0) continue;
        }
        if (peer.body_left == 0 && !Begin(peer)) return false;
      }
    }
  }

  static std::string_view Header(std::string_view head, std::string_view name) {
    for (size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
      const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
      if (line.size() <= name.size() || line[name.size()] != ':') continue;
      if (!std::equal(name.begin(), name.end(), line.begin(),
                      [](char a, char b) { return a == std::tolower(b); }))
        continue;
      const size_t value = line.find_first_not_of(' ', name.size() + 1);
      return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
    return {};
  }

  static void ReadHead(Peer& peer) {
    const std::string_view length = Header(peer.head, "content-length");
    std::from_chars(length.data(), length.data() + length.size(), peer.body_left);
    peer.answer = ParseScript(Header(peer.head, kScriptHeader)).value_or(Answer::kMessage);
    peer.head.clear();
  }

  bool Begin(Peer& peer) {
    peer.script = StreamingOf(peer.answer) == Streaming::kYes ? &stream_ : &message_;
    peer.next_piece = 0;
    return Write(peer, PiecesAtOnce(peer));
  }

  // False when the peer is gone.
  bool Write(Peer& peer, size_t pieces) {
    peer.waits_to_write = false;
    for (; pieces > 0 && peer.script != nullptr; --pieces) {
      const std::string& piece = peer.script->pieces[peer.next_piece];
      const ssize_t count =
          ::send(peer.socket, piece.data() + peer.piece_sent, piece.size() - peer.piece_sent, MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN) return false;
      if (count > 0) peer.piece_sent += static_cast<size_t>(count);
      peer.waits_to_write = peer.piece_sent < piece.size();
      if (peer.waits_to_write) return true;
      peer.piece_sent = 0;
      if (++peer.next_piece == peer.script->pieces.size()) peer.script = nullptr;
    }
    if (peer.script != nullptr)
      timers_.emplace(Clock::now() + std::chrono::milliseconds(kPaceMilliseconds), peer.id);
    return true;
  }

  const int epoll_;
  int listener_ = -1;
  uint64_t next_id_ = 1;
  std::vector<char> buffer_;
  std::unordered_map<uint64_t, std::unique_ptr<Peer>> peers_;
  using Timer = std::pair<Clock::time_point, uint64_t>;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  const Script message_ = MessageScript();
  const Script stream_ = StreamScript();
};

}  // namespace
}  // namespace postern::bench

int main(int argc, char** argv) {
  const std::string_view option = argc == 3 ? argv[1] : "";
  uint16_t port = 0;
  if (option == "--port") std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), port);
  if (port == 0) {
    std::fputs("usage: postern-bench-upstream --port PORT\n", stderr);
    return 2;
  }
  postern::bench::Upstream(port).Run();
}
