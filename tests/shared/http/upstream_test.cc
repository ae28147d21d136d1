// Which connections are used again, against a server that does as it is told.
#include "shared/http/upstream.h"

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::http {
namespace {

using std::chrono::seconds;

// Answers each request of each connection with the same bytes, and counts the connections. Ends with the
// test.
class RudeServer {
 public:
  explicit RudeServer(std::string answer, int answers_a_connection = 1000)
      : answer_(std::move(answer)),
        answers_(answers_a_connection),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    Address address = *Address::Parse("127.0.0.1:0");
    CHECK(::bind(listener_, address.get(), address.size) == 0 && ::listen(listener_, 16) == 0);
    CHECK(::getsockname(listener_, address.get(), &address.size) == 0);
    port_ = address.port();
    thread_ = std::jthread([this] { Serve(); });
  }
  ~RudeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  // Whether it has nothing more to do for the answers that it gave: where it ends connections, they have
  // ended.
  bool is_at_rest() const { return answers_ > 1 || closed_ == connections_; }

 private:
  void Serve() {
    std::vector<std::jthread> clients;
    for (;;) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      ++connections_;
      clients.emplace_back([this, client] {
        std::string input;
        char chunk[4096];
        int answered = 0;
        while (answered < answers_) {
          const ssize_t count = ::recv(client, chunk, sizeof(chunk), 0);
          if (count <= 0) break;
          input.append(chunk, static_cast<size_t>(count));
          if (!input.ends_with("\r\n\r\n")) continue;
          input.clear();
          ++answered;
          ::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        }
        ::close(client);
        ++closed_;
      });
    }
  }

  const std::string answer_;
  const int answers_;
  const int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> closed_{0};
  std::jthread thread_;
};

struct Asked {
  std::string body;
  bool whole = false;
};

class UpstreamTest : public ::testing::Test {
 protected:
  // Asks so many times, one after the other, giving each connection back.
  std::vector<Asked> Ask(const RudeServer& server, int times) {
    loop_ = *Loop::Make();
    Worker worker;
    Resolver resolver(*loop_, worker);
    UpstreamOptions options;
    options.host = "127.0.0.1";
    options.port = server.port();
    Upstream upstream(*loop_, buffers_, resolver, options);
    std::vector<Asked> asked;
    loop_->Spawn(AskAll(upstream, server, times, asked));
    loop_->Run();
    loop_->DestroySpawned();
    counts_ = upstream.counts();
    return asked;
  }

  Task<void> AskAll(Upstream& upstream, const RudeServer& server, int times, std::vector<Asked>& asked) {
    Strand strand(*loop_);
    for (int i = 0; i < times; ++i) {
      auto lease = co_await upstream.Take(strand);
      if (!lease) break;
      Asked one = co_await AskOnce(strand, **lease);
      asked.push_back(std::move(one));
      lease->Return();
      // What a rude server does afterwards is done; in the next turns of the loop it is seen.
      int turns = 2;
      while (turns > 0) {
        if (server.is_at_rest()) --turns;
        strand.SetDeadlineIn(std::chrono::milliseconds(10));
        while (!strand.expired()) co_await strand.Wait();
      }
    }
    loop_->Stop();
  }

  static Task<Asked> AskOnce(Strand& strand, ClientConnection& connection) {
    strand.SetDeadlineIn(seconds(10));
    std::string_view request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    Asked asked;
    Io io = co_await connection.SendRequest(strand, "GET", std::span(&request, 1), seconds(10));
    if (io == Io::kOk) io = co_await connection.ReadHead(strand, 10'000);
    while (io == Io::kOk && !asked.whole) {
      const BodyPiece piece = connection.TryReadBody();
      if (piece.io == Io::kWouldBlock) {
        const Wake wake = co_await strand.Wait();
        io = FromWake(wake);
        continue;
      }
      io = piece.io;
      asked.body += piece.bytes;
      asked.whole = piece.last;
    }
    co_return asked;
  }

  std::unique_ptr<Loop> loop_;
  BufferPool buffers_;
  UpstreamCounts counts_;
};

TEST_F(UpstreamTest, AConnectionWhoseAnswerIsWholeIsUsedAgain) {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}) {
    const RudeServer server(answer);
    const auto asked = Ask(server, 4);
    ASSERT_EQ(asked.size(), 4U);
    for (const Asked& one : asked) EXPECT_EQ(one.body, "hello");
    EXPECT_EQ(server.connections(), 1) << answer;
    EXPECT_EQ(counts_.reused, 3U);
  }
}

// Otherwise the next request would get the end of this answer for its own.
TEST_F(UpstreamTest, AConnectionWithBytesLeftOverIsNot) {
  for (const char* answer :
       {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 204 No Content\r\n\r\nx"}) {
    const RudeServer server(answer);
    const auto asked = Ask(server, 3);
    ASSERT_EQ(asked.size(), 3U);
    for (const Asked& one : asked) {
      EXPECT_TRUE(one.whole) << answer;
      EXPECT_EQ(one.body.find("evil"), std::string::npos) << answer;
    }
    EXPECT_EQ(server.connections(), 3) << answer;
    EXPECT_EQ(counts_.idle, 0U);
  }
}

TEST_F(UpstreamTest, AConnectionThatTheServerWantsToEndIsNot) {
  const RudeServer server("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
  EXPECT_EQ(Ask(server, 3).size(), 3U);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(UpstreamTest, AConnectionThatEndsWhileItRestsIsDropped) {
  const RudeServer server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 1);
  const auto asked = Ask(server, 3);
  ASSERT_EQ(asked.size(), 3U);
  for (const Asked& one : asked) EXPECT_EQ(one.body, "ok");
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(UpstreamTest, AnAnswerThatIsCutIsNotWhole) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello",
                             "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    const RudeServer server(answer, 1);
    const auto asked = Ask(server, 1);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked.front().body, "hello");
    EXPECT_FALSE(asked.front().whole);
    EXPECT_EQ(counts_.idle, 0U);
  }
}

}  // namespace
}  // namespace postern::http
