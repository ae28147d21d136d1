#include "shared/rest/server.h"

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/shared/rest/serving.h"
#include "tests/support/process.h"

namespace postern::rest {
namespace {

using std::chrono::milliseconds;
using support::FormatRequest;
using support::RawConnection;

constexpr auto kPatience = std::chrono::seconds(30);

int StatusFor(Serving& serving, std::string_view bytes) {
  auto connection = RawConnection::Open(serving.Raw());
  CHECK(connection.has_value());
  EXPECT_TRUE(connection->Send(bytes));
  const auto response = connection->ReadResponse();
  return response ? response->status : 0;
}

// Waits for what another thread does, as long as it takes.
template <class Condition>
bool Eventually(Condition condition) {
  for (int turn = 0; turn < 3000; ++turn) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

TEST(RestServer, HandsOverWhatWasAsked) {
  std::optional<Request> seen;
  Serving serving([&](const Request& request) {
    seen = request;
    Response response = Json(201, R"({"a":1})");
    response.headers = {{"X-Mine", "yes"}};
    return response;
  });
  auto connection = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(connection);
  ASSERT_TRUE(connection->Send(FormatRequest("PATCH", "/v1/keys/a%40b?x=1&x=2",
                                             {{"X-Thing", "1"}, {"x-thing", "2"}}, R"({"label":"y"})")));
  const auto response = connection->ReadResponse();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, R"({"a":1})");
  EXPECT_EQ(response->Find("content-type"), "application/json");
  EXPECT_EQ(response->Find("cache-control"), "no-store");
  EXPECT_EQ(response->Find("x-mine"), "yes");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->method, "PATCH");
  EXPECT_EQ(seen->segments, (std::vector<std::string>{"v1", "keys", "a@b"}));
  EXPECT_EQ(seen->query.count("x"), 2u);
  EXPECT_EQ(seen->Header("x-thing"), "1, 2");
  EXPECT_EQ(seen->body, R"({"label":"y"})");
  EXPECT_EQ(seen->source, "127.0.0.1");
}

TEST(RestServer, AConnectionServesManyRequests) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(connection);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(connection->Send(FormatRequest("POST", "/" + std::to_string(i), {}, "body")));
    EXPECT_EQ(connection->ReadResponse()->body, "POST /" + std::to_string(i) + " 127.0.0.1 body");
  }
  ASSERT_TRUE(connection->Send(FormatRequest("GET", "/a") + FormatRequest("HEAD", "/b")));
  EXPECT_EQ(connection->ReadResponse("GET")->body, "GET /a 127.0.0.1 ");
  const auto head = connection->ReadResponse("HEAD");
  EXPECT_EQ(head->Find("content-length"), "18");
  EXPECT_EQ(serving.server().stats().accepted, 1u);
}

TEST(RestServer, TheClientIsToldToGoOnWhereItAsks) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(
      connection->Send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"));
  ASSERT_TRUE(connection->ReadUntil("100 Continue\r\n\r\n"));
  ASSERT_TRUE(connection->Send("ok"));
  EXPECT_EQ(connection->ReadResponse()->body, "POST / 127.0.0.1 ok");
}

TEST(RestServer, ABodyBeyondTheBoundIsRefusedUnread) {
  ServerOptions options;
  options.body_bytes = 100;
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; }, options);
  EXPECT_EQ(StatusFor(serving, FormatRequest("POST", "/", {}, std::string(100, 'x'))), 200);
  EXPECT_EQ(StatusFor(serving, FormatRequest("POST", "/", {}, std::string(101, 'x'))), 413);
  EXPECT_EQ(StatusFor(serving, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999999\r\n\r\n"), 413);
  EXPECT_EQ(calls, 1);
}

TEST(RestServer, TheBoundCanBeAnotherByWhatTheHeadSays) {
  ServerOptions options;
  options.body_bytes = 100;
  options.body_limit = [](const Request& head) {
    EXPECT_EQ(head.body, "");
    return head.path == "/large" && head.Bearer() == "known" ? size_t{1000} : size_t{10};
  };
  Serving serving([](const Request& request) { return Json(200, std::to_string(request.body.size())); },
                  options);
  const auto status = [&](const std::string& path, const std::string& token, size_t bytes) {
    return StatusFor(serving, FormatRequest("POST", path, {{"authorization", "Bearer " + token}},
                                            std::string(bytes, 'x')));
  };
  EXPECT_EQ(status("/large", "known", 1000), 200);
  EXPECT_EQ(status("/large", "known", 1001), 413);
  EXPECT_EQ(status("/large", "unknown", 11), 413);
  EXPECT_EQ(status("/small", "known", 11), 413);
  EXPECT_EQ(status("/small", "known", 10), 200);
}

TEST(RestServer, ARequestWithTwoMeaningsIsRefused) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; });
  const auto status = [&](const std::string& lengths) {
    return StatusFor(serving, "POST / HTTP/1.1\r\nhost: a\r\n" + lengths + "\r\nx");
  };
  for (const std::string lengths :
       {"content-length: 1\r\ncontent-length: 2\r\n", "content-length: -1\r\n", "content-length: +1\r\n",
        "content-length: 1,1\r\n", "content-length: \r\n", "content-length: 0x1\r\n"})
    EXPECT_EQ(status(lengths), 400) << lengths;
  for (const std::string lengths :
       {"content-length: 1\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: chunked\r\n",
        "transfer-encoding: gzip\r\n", "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n"})
    EXPECT_EQ(status(lengths), 411) << lengths;
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "/%zz")), 400);
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "https://other/")), 400);
  EXPECT_EQ(calls, 0);
}

TEST(RestServer, GarbageEndsItsOwnConnectionAlone) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; });
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(100'000, 'G'),
        "GET / HTTP/1.1\r\n" + std::string(20'000, 'a') + ": b\r\n\r\n",
        "GET / HTTP/1.1\r\na: " + std::string(20'000, 'b') + "\r\n\r\n", "GET /" + std::string(50'000, 'c'),
        std::string("\0\x01\x02\x03 \xff", 6)}) {
    auto connection = RawConnection::Open(serving.Raw());
    ASSERT_TRUE(connection);
    (void)connection->Send(bytes);
    connection->FinishSending();
    EXPECT_TRUE(connection->WaitForEnd(kPatience)) << bytes.substr(0, 20);
  }
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 500; ++i) many += "h" + std::to_string(i) + ": x\r\n";
  EXPECT_NE(StatusFor(serving, many + "\r\n"), 200);
  auto plain = RawConnection::Open(serving.Plain());
  ASSERT_TRUE(plain->Send(FormatRequest("GET", "/")));
  EXPECT_TRUE(plain->WaitForEnd(kPatience));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "/")), 200);
  EXPECT_GT(serving.server().stats().unreadable, 0u);
}

TEST(RestServer, ABodyThatBreaksOffNeverReachesTheHandler) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; });
  auto connection = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(connection->Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc"));
  connection->FinishSending();
  EXPECT_TRUE(connection->WaitForEnd(kPatience));
  EXPECT_EQ(calls, 0);
}

// Whoever holds a connection and doesn't go on loses it; a thread is never held for longer than a deadline.
// On a slow machine the deadline may pass during the handshake already: then there is nothing to open.
bool IsCutOff(const support::Target& target, std::string_view bytes) {
  auto connection = RawConnection::Open(target);
  return !connection || !connection->Send(bytes) || connection->WaitForEnd(kPatience);
}

TEST(RestServer, WhoSendsItsHeadTooSlowlyIsCutOff) {
  ServerOptions options;
  options.threads = 4;
  options.head_timeout = milliseconds(300);
  Serving serving(Echo, options);
  EXPECT_TRUE(IsCutOff(serving.Plain(), ""));  // before the handshake
  EXPECT_TRUE(IsCutOff(serving.Plain(), "\x16\x03\x01"));
  EXPECT_TRUE(IsCutOff(serving.Raw(), "GET / HTTP/1.1\r\nho"));
  // A byte now and then, each within any timeout for one byte, is no way around it.
  auto dripping = RawConnection::Open(serving.Raw());
  EXPECT_TRUE(!dripping || !dripping->Send("GET / HTTP/1.1\r\n") ||
              Eventually([&] { return !dripping->Send("a"); }));
  EXPECT_TRUE(Eventually([&] { return serving.server().stats().connections == 0; }));
  EXPECT_GE(serving.server().stats().timed_out, 4u);
}

TEST(RestServer, WhoSendsItsBodyTooSlowlyIsCutOff) {
  ServerOptions options;
  options.body_timeout = milliseconds(100);
  Serving serving(Echo, options);
  EXPECT_TRUE(IsCutOff(serving.Raw(), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc"));
  EXPECT_TRUE(Eventually([&] { return serving.server().stats().timed_out == 1; }));
}

TEST(RestServer, WhoAsksNothingMoreIsLetGo) {
  ServerOptions options;
  options.idle_timeout = milliseconds(100);
  Serving serving(Echo, options);
  auto idle = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(idle->Send(FormatRequest("GET", "/")));
  EXPECT_EQ(idle->ReadResponse("GET")->status, 200);
  EXPECT_TRUE(idle->WaitForEnd(kPatience));
  EXPECT_TRUE(Eventually([&] { return serving.server().stats().connections == 0; }));
}

TEST(RestServer, WhoDoesntReadItsAnswerIsCutOff) {
  ServerOptions options;
  options.threads = 2;
  options.answer_timeout = milliseconds(1000);
  std::promise<Status> streamed;
  Serving serving(
      [&](const Request& request) {
        Response response;
        if (request.path == "/large") response.body = std::string(32 << 20, 'x');
        if (request.path == "/stream") {
          response.stream = [&](Stream& out) {
            Status status = Ok{};
            while ((status = out.Write(std::string(100'000, 'x')))) {
            }
            streamed.set_value(status);
          };
        }
        return response;
      },
      options);
  auto large = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(large->Send(FormatRequest("GET", "/large")));
  auto stream = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(stream->Send(FormatRequest("GET", "/stream")));
  EXPECT_EQ(streamed.get_future().get().error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(Eventually([&] { return serving.server().stats().connections == 0; }));
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "/")), 200);
}

TEST(RestServer, OneAddressCantTakeAllConnections) {
  ServerOptions options;
  options.threads = 8;
  options.connections_per_source = 3;
  Serving serving(Echo, options);
  std::vector<RawConnection> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(*RawConnection::Open(serving.Raw()));
    ASSERT_TRUE(held.back().Send(FormatRequest("GET", "/")));
    EXPECT_EQ(held.back().ReadResponse("GET")->status, 200);
  }
  auto fourth = RawConnection::Open(serving.Plain());
  EXPECT_TRUE(fourth->WaitForEnd(kPatience));
  EXPECT_EQ(serving.server().stats().turned_away, 1u);
  held.clear();
  EXPECT_TRUE(Eventually([&] { return serving.server().stats().connections == 0; }));
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "/")), 200);
}

TEST(RestServer, ManyAreServedAtOnce) {
  Serving serving(Echo);
  const auto client = *Client::Make(serving.Trusting());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i) {
        const std::string body = std::to_string(thread * 100 + i);
        const auto reply = client->Send({.method = "POST", .path = "/x", .body = body});
        if (reply && reply->body == "POST /x 127.0.0.1 " + body) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(RestServer, MoreThanThreadsWaitForTheirTurn) {
  ServerOptions options;
  options.threads = 2;
  Serving serving(Echo, options);
  const auto client = *Client::Make(serving.Trusting());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 10; ++thread) {
    threads.emplace_back([&] {
      const auto reply = client->Send({.path = "/x"});
      if (reply && reply->status == 200) ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 10);
}

TEST(RestServer, AnExceptionOfTheHandlerIsAnswered500) {
  Serving serving([](const Request& request) -> Response {
    if (request.path == "/bad") throw std::runtime_error("secret words");
    return {};
  });
  auto connection = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(connection->Send(FormatRequest("GET", "/bad")));
  const auto response = connection->ReadResponse("GET");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body.find("secret"), std::string::npos);
  EXPECT_EQ(StatusFor(serving, FormatRequest("GET", "/")), 200);
}

TEST(RestServer, OldProtocolsAreRefused) {
  Serving serving(Echo);
  const auto handshake = [&](const std::string& version) {
    return support::RunProcess({.argv = {"openssl", "s_client", "-connect",
                                         "127.0.0.1:" + std::to_string(serving.server().port()), version,
                                         "-cipher", "ALL:@SECLEVEL=0"}})
        ->ending.code;
  };
  EXPECT_NE(handshake("-tls1"), 0);
  EXPECT_NE(handshake("-tls1_1"), 0);
  EXPECT_EQ(handshake("-tls1_2"), 0);
  EXPECT_EQ(handshake("-tls1_3"), 0);
}

TEST(RestServer, AReloadedCertificateIsShownToNewConnectionsAndABadOneLeavesTheOld) {
  Serving serving(Echo);
  const Url url = *Url::Parse(serving.url());
  const std::string before = *ShownFingerprint(url, std::chrono::seconds(10));
  auto open = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(open);

  const std::string good = support::ReadFile(serving.certificate().certificate);
  serving.directory().Write("localhost.crt", "nothing of use");
  EXPECT_EQ(serving.server().ReloadCertificate().error().code, ErrorCode::kInvalid);
  EXPECT_EQ(*ShownFingerprint(url, std::chrono::seconds(10)), before);

  support::TemporaryDirectory elsewhere;
  const support::Certificate other = support::MakeCertificate(elsewhere);
  serving.directory().Write("localhost.crt", support::ReadFile(other.certificate));
  EXPECT_EQ(serving.server().ReloadCertificate().error().code, ErrorCode::kInvalid);  // the key isn't its own
  serving.directory().Write("localhost.key", support::ReadFile(other.key));
  ASSERT_TRUE(serving.server().ReloadCertificate());
  EXPECT_NE(*ShownFingerprint(url, std::chrono::seconds(10)), before);

  ASSERT_TRUE(open->Send(FormatRequest("GET", "/")));
  EXPECT_EQ(open->ReadResponse("GET")->status, 200);
}

TEST(RestServer, StartsOnlyWithAPairThatFitsAndAnAddressThatIsFree) {
  Serving serving(Echo);
  ServerOptions options;
  options.certificate = serving.certificate().certificate;
  options.key = serving.directory() / "missing";
  EXPECT_EQ(Server::Start(options, Echo).error().code, ErrorCode::kNotFound);
  options.key = support::MakeCertificate(serving.directory(), "other").key;
  EXPECT_EQ(Server::Start(options, Echo).error().code, ErrorCode::kInvalid);
  options.key = serving.certificate().key;
  options.address = "127.0.0.1:" + std::to_string(serving.server().port());
  EXPECT_EQ(Server::Start(options, Echo).error().code, ErrorCode::kUnavailable);
  options.address = "nonsense";
  EXPECT_EQ(Server::Start(options, Echo).error().code, ErrorCode::kUnavailable);
}

TEST(RestServer, StoppingLetsARequestFinishAndEndsWhoWaitsAndWhoStreams) {
  std::promise<void> in_handler;
  std::promise<void> go_on;
  std::promise<Status> streamed;
  std::promise<void> streaming;
  auto waits = go_on.get_future().share();
  Serving serving([&](const Request& request) {
    Response response = Json(200, "{}");
    if (request.path == "/slow") {
      in_handler.set_value();
      waits.wait();
    }
    if (request.path == "/stream") {
      response.stream = [&](Stream& out) {
        EXPECT_TRUE(out.Write("x\n"));
        streaming.set_value();
        waits.wait();
        while (out.Write("x\n")) {
        }
        streamed.set_value(out.Write("x\n"));
      };
    }
    return response;
  });
  auto idle = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(idle->Send(FormatRequest("GET", "/")));
  ASSERT_TRUE(idle->ReadResponse("GET"));
  auto slow = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(slow->Send(FormatRequest("GET", "/slow")));
  auto stream = RawConnection::Open(serving.Raw());
  ASSERT_TRUE(stream->Send(FormatRequest("GET", "/stream")));
  in_handler.get_future().wait();
  streaming.get_future().wait();

  std::thread stopping([&] { serving.server().Stop(); });
  EXPECT_TRUE(idle->WaitForEnd(kPatience));
  go_on.set_value();
  stopping.join();
  EXPECT_EQ(slow->ReadResponse("GET")->status, 200);
  EXPECT_EQ(streamed.get_future().get().error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(RawConnection::Open(serving.Raw()));
  serving.server().Stop();
}

}  // namespace
}  // namespace postern::rest
