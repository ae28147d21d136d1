#include "tests/support/http_client.h"

#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::support {
namespace {

enum class Goodbye { kFinish, kReset };

// Accepts one connection, sends what it was given and ends it.
class Peer {
 public:
  explicit Peer(std::string bytes, Goodbye goodbye = Goodbye::kFinish)
      : bytes_(std::move(bytes)), goodbye_(goodbye) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    CHECK(::listen(listener_, 1) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Peer() {
    thread_.join();
    ::close(listener_);
  }
  Target target() const { return {.port = port_}; }

 private:
  void Serve() const {
    const int connection = ::accept(listener_, nullptr, nullptr);
    ::send(connection, bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
    if (goodbye_ == Goodbye::kReset) {
      char byte = 0;
      [[maybe_unused]] const auto read =
          ::recv(connection, &byte, 1, 0);  // until the client has had the answer
      const linger abort{1, 0};
      ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    } else {
      ::shutdown(connection, SHUT_WR);
      char byte = 0;
      while (::recv(connection, &byte, 1, 0) > 0) {
      }
    }
    ::close(connection);
  }

  std::string bytes_;
  Goodbye goodbye_;
  int listener_;
  uint16_t port_;
  std::thread thread_;
};

TEST(RawConnection, ReadsAnAnswerWithALength) {
  const Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: 1\r\na: 2\r\n\r\nhello");
  const auto response = Fetch(peer.target(), "POST", "/", {}, "x");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->reason, "OK");
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->Find("A"), "1");
  EXPECT_EQ(response->headers[1], std::make_pair(std::string("A"), std::string("1")));
  EXPECT_TRUE(response->complete);
}

TEST(RawConnection, ReadsChunksAndKeepsTheirBytes) {
  const std::string framed = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n";
  const Peer peer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed);
  const auto response = Fetch(peer.target(), "GET", "/");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "abcde");
  EXPECT_EQ(response->framed, framed);
  EXPECT_TRUE(response->complete);
}

TEST(RawConnection, TellsAnAnswerThatWasCut) {
  const Peer chunked("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_FALSE(Fetch(chunked.target(), "GET", "/")->complete);
  const Peer within_a_chunk("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
  EXPECT_FALSE(Fetch(within_a_chunk.target(), "GET", "/")->complete);
  const Peer sized("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_FALSE(Fetch(sized.target(), "GET", "/")->complete);
  const Peer reset("HTTP/1.1 200 OK\r\n\r\nabc", Goodbye::kReset);
  const auto response = Fetch(reset.target(), "GET", "/");
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->complete);
  EXPECT_EQ(response->body, "abc");
}

TEST(RawConnection, ReadsABodyThatEndsWithTheConnection) {
  const Peer peer("HTTP/1.0 200 OK\r\n\r\nall of it");
  const auto response = Fetch(peer.target(), "GET", "/");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "all of it");
  EXPECT_TRUE(response->complete);
}

TEST(RawConnection, KeepsInterimAnswersApart) {
  const Peer peer("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  const auto response = Fetch(peer.target(), "GET", "/");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 204);
  ASSERT_EQ(response->interim.size(), 1U);
  EXPECT_EQ(response->interim[0].status, 103);
  EXPECT_EQ(response->interim[0].Find("Link"), "x");
}

TEST(RawConnection, ReadsPipelinedAnswersOneByOne) {
  const Peer peer(
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\nb");
  auto connection = RawConnection::Open(peer.target());
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->ReadResponse()->body, "a");
  EXPECT_EQ(connection->ReadResponse()->status, 404);
  EXPECT_EQ(connection->ReadResponse().error().code, ErrorCode::kNotFound);
  connection->FinishSending();
}

TEST(RawConnection, DoesNotWaitForEver) {
  const Peer peer("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n", Goodbye::kReset);
  Target target = peer.target();
  target.patience = std::chrono::milliseconds(20);
  auto connection = RawConnection::Open(target);
  ASSERT_TRUE(connection);
  EXPECT_EQ(connection->ReadUntil("never").error().code, ErrorCode::kUnavailable);
}

TEST(RawConnection, SaysWhenThePeerHasEnded) {
  const Peer peer("abc");
  auto connection = RawConnection::Open(peer.target());
  ASSERT_TRUE(connection);
  EXPECT_TRUE(connection->WaitForEnd(std::chrono::seconds(30)));
  EXPECT_FALSE(connection->was_reset());
  EXPECT_EQ(*connection->ReadToEnd(), "abc");
  connection->FinishSending();
}

TEST(FormatRequest, AddsOnlyWhatIsMissing) {
  EXPECT_EQ(FormatRequest("POST", "/a?b", {{"x", "y"}}, "123"),
            "POST /a?b HTTP/1.1\r\nhost: localhost\r\nx: y\r\ncontent-length: 3\r\n\r\n123");
  EXPECT_EQ(FormatRequest("GET", "/", {{"Host", "h"}}), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(FormatRequest("POST", "/", {{"Transfer-Encoding", "chunked"}}, "0\r\n\r\n"),
            "POST / HTTP/1.1\r\nhost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

}  // namespace
}  // namespace postern::support
