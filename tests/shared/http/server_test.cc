#include "shared/http/server.h"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "tests/shared/http/serving.h"

namespace postern::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Fetch;
using support::FormatRequest;
using support::RawConnection;

std::string Chunked(std::string_view body) {
  std::string framed;
  for (size_t i = 0; i < body.size(); i += 7) framed += "7\r\n" + std::string(body.substr(i, 7)) + "\r\n";
  if (body.size() % 7 != 0) framed.replace(framed.rfind("7\r\n"), 1, std::to_string(body.size() % 7));
  return framed + "0\r\n\r\n";
}

// Waits for what the loop's thread does, as long as it takes.
template <class Condition>
bool Eventually(Condition condition) {
  for (int turn = 0; turn < 6000; ++turn) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

TEST(Server, AnswersOneRequestAfterTheOtherOnAConnection) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(connection->Send(FormatRequest("POST", "/" + std::to_string(i), {}, "body")));
    const auto response = connection->ReadResponse();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "POST /" + std::to_string(i) + "\nbody");
  }
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += i % 2 == 0
               ? FormatRequest("POST", "/" + std::to_string(i), {},
                               std::string(static_cast<size_t>(i * 900), 'x'))
               : "POST /" + std::to_string(i) + " HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" +
                     Chunked("chunk by chunk");
  }
  ASSERT_TRUE(connection->Send(all));
  for (int i = 0; i < 20; ++i) {
    const auto response = connection->ReadResponse();
    ASSERT_TRUE(response) << i;
    const std::string body = i % 2 == 0 ? std::string(static_cast<size_t>(i * 900), 'x') : "chunk by chunk";
    EXPECT_EQ(response->body, "POST /" + std::to_string(i) + "\n" + body);
  }
}

TEST(Server, ReadsChunkedBodiesThatArriveByteByByte) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  const std::string request =
      "POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" + Chunked("the body of it");
  for (const char c : request) ASSERT_TRUE(connection->Send(std::string_view(&c, 1)));
  EXPECT_EQ(connection->ReadResponse()->body, "POST /c\nthe body of it");
}

TEST(Server, SaysContinueOnlyToAClientThatWaitsForIt) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(
      connection->Send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"));
  EXPECT_EQ(*connection->ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(connection->Send("body"));
  EXPECT_EQ(connection->ReadResponse()->body, "POST /\nbody");
}

TEST(Server, RefusesATooLargeBodyBeforeItArrives) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  Serving serving(Echo, limits);
  auto sized = RawConnection::Open(serving.target());
  ASSERT_TRUE(
      sized->Send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n"));
  const auto refused = sized->ReadResponse();
  EXPECT_EQ(refused->status, 413);
  EXPECT_TRUE(refused->interim.empty());
  EXPECT_EQ(refused->Find("connection"), "close");
  auto chunked = RawConnection::Open(serving.target());
  ASSERT_TRUE(chunked->Send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" +
                            Chunked(std::string(1001, 'x'))));
  EXPECT_EQ(chunked->ReadResponse()->status, 413);
}

TEST(Server, ATooLargeBodyThatIsSentAnywayDoesNotLoseTheAnswer) {
  ServerLimits limits;
  limits.body_bytes = 1000;
  Serving serving(Echo, limits);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send(FormatRequest("POST", "/", {}, std::string(5'000'000, 'x'))));
  EXPECT_EQ(connection->ReadResponse()->status, 413);
}

TEST(Server, RefusesAHeadThatIsTooLarge) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send("GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(70'000, 'x')));
  EXPECT_EQ(connection->ReadResponse("GET")->status, 431);
}

TEST(Server, EndsAHeadThatDrips) {
  ServerLimits limits;
  limits.head = milliseconds(300);
  Serving serving(Echo, limits);
  auto connection = RawConnection::Open(serving.target());
  for (const char c : std::string_view("GET / HTTP")) {
    if (!connection->Send(std::string_view(&c, 1))) break;
    if (connection->WaitForEnd(milliseconds(50))) break;
  }
  EXPECT_EQ(connection->ReadResponse("GET")->status, 408);
}

TEST(Server, EndsABodyThatStops) {
  ServerLimits limits;
  limits.body_idle = milliseconds(200);
  Serving serving(Echo, limits);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf"));
  EXPECT_EQ(connection->ReadResponse()->status, 408);
}

TEST(Server, EndsAnIdleConnectionQuietly) {
  ServerLimits limits;
  limits.idle = milliseconds(200);
  Serving serving(Echo, limits);
  auto connection = RawConnection::Open(serving.target());
  EXPECT_EQ(*connection->ReadToEnd(), "");
}

TEST(Server, RefusesWithoutAHostOrWithTwo) {
  Serving serving(Echo);
  for (const char* head : {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n"}) {
    auto connection = RawConnection::Open(serving.target());
    ASSERT_TRUE(connection->Send(head));
    EXPECT_EQ(connection->ReadResponse("GET")->status, 400) << head;
  }
  auto old = RawConnection::Open(serving.target());
  ASSERT_TRUE(old->Send("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(old->ReadResponse("GET")->status, 200);
}

TEST(Server, RefusesOtherExpectations) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(
      connection->Send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 200-maybe\r\ncontent-length: 0\r\n\r\n"));
  EXPECT_EQ(connection->ReadResponse()->status, 417);
}

TEST(Server, WhatFollowsAMalformedRequestIsNotRead) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(
      connection->Send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nGET "
                       "/smuggled HTTP/1.1\r\nhost: a\r\n\r\n"));
  EXPECT_EQ(connection->ReadResponse()->status, 400);
  EXPECT_EQ(*connection->ReadToEnd(), "");
}

TEST(Server, HeadAnswersHaveALengthAndNoBody) {
  Serving serving(Echo);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send("HEAD /x HTTP/1.1\r\nhost: a\r\n\r\nGET /y HTTP/1.1\r\nhost: a\r\n\r\n"));
  const auto first = connection->ReadResponse("HEAD");
  EXPECT_EQ(first->Find("content-length"), "8");
  EXPECT_EQ(connection->ReadResponse("GET")->body, "GET /y\n");
}

Task<void> AnswerInPieces(Exchange& exchange) {
  co_await exchange.ReadBody();
  exchange.Begin(200, "", {}, std::nullopt);
  for (int i = 0; i < 5; ++i) co_await exchange.SendPiece("piece" + std::to_string(i));
  co_await exchange.SendPiece("");
  co_await exchange.SendLast("end");
}

TEST(Server, ChunksAnAnswerInPiecesAndEndsItForOldClientsByClosing) {
  Serving serving(AnswerInPieces);
  const std::string whole = "piece0piece1piece2piece3piece4end";
  const auto chunked = Fetch(serving.target(), "GET", "/");
  EXPECT_EQ(chunked->Find("transfer-encoding"), "chunked");
  EXPECT_TRUE(chunked->complete);
  EXPECT_EQ(chunked->body, whole);
  auto old = RawConnection::Open(serving.target());
  ASSERT_TRUE(old->Send("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"));
  const auto closed = old->ReadResponse("GET");
  EXPECT_EQ(closed->Find("transfer-encoding"), "");
  EXPECT_EQ(closed->body, whole);
}

Task<void> BreakOff(Exchange& exchange) {
  co_await exchange.ReadBody();
  exchange.Begin(200, "", {}, std::nullopt);
  co_await exchange.SendPiece("half of");
}

TEST(Server, AnAnswerThatBreaksOffIsNotTakenForAWholeOne) {
  Serving serving(BreakOff);
  const auto chunked = Fetch(serving.target(), "GET", "/");
  ASSERT_TRUE(chunked);
  EXPECT_FALSE(chunked->complete);
  auto old = RawConnection::Open(serving.target());
  ASSERT_TRUE(old->Send("GET / HTTP/1.0\r\n\r\n"));
  static_cast<void>(old->ReadToEnd());
  EXPECT_TRUE(old->was_reset());
}

TEST(Server, AClientThatLeavesCancelsItsExchange) {
  std::atomic<int> begun{0};
  std::atomic<int> cancelled{0};
  Serving serving([&](Exchange& exchange) -> Task<void> {
    co_await exchange.ReadBody();
    ++begun;
    while (true) {
      const Wake wake = co_await exchange.strand().Wait();
      if (wake == Wake::kCancelled) break;
    }
    ++cancelled;
  });
  for (int i = 0; i < 2; ++i) {
    auto connection = RawConnection::Open(serving.target());
    ASSERT_TRUE(connection->Send(FormatRequest("POST", "/", {}, "x")));
    ASSERT_TRUE(Eventually([&] { return begun == i + 1; }));
    if (i == 0) connection->Reset();
  }
  EXPECT_TRUE(Eventually([&] { return cancelled == 2; }));
}

TEST(Server, AClientThatDoesNotReadIsNotWaitedForForEver) {
  ServerLimits limits;
  limits.write_stall = milliseconds(300);
  std::atomic<int> result{-1};
  Serving serving(
      [&](Exchange& exchange) -> Task<void> {
        co_await exchange.ReadBody();
        exchange.Begin(200, "", {}, std::nullopt);
        const std::string piece(1 << 20, 'x');
        Io io = Io::kOk;
        for (int i = 0; i < 100 && io == Io::kOk; ++i) io = co_await exchange.SendPiece(piece);
        result = static_cast<int>(io);
      },
      limits);
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
  ASSERT_TRUE(Eventually([&] { return result >= 0; }));
  EXPECT_EQ(result, static_cast<int>(Io::kDeadline));
}

TEST(Server, DrainEndsIdleConnectionsAndLetsOthersFinish) {
  std::atomic<bool> begun{false};
  std::atomic<bool> go{false};
  Serving serving([&](Exchange& exchange) -> Task<void> {
    co_await exchange.ReadBody();
    begun = true;
    while (!go) {
      exchange.strand().SetDeadlineIn(milliseconds(10));
      co_await exchange.strand().Wait();
    }
    Answer answer;
    answer.body = "done";
    co_await exchange.Send(answer);
  });
  auto idle = RawConnection::Open(serving.target());
  auto busy = RawConnection::Open(serving.target());
  ASSERT_TRUE(busy->Send(FormatRequest("POST", "/", {}, "x")));
  ASSERT_TRUE(Eventually([&] { return begun.load(); }));
  serving.loop().Post([&] { serving.server().Drain(); });
  EXPECT_TRUE(idle->WaitForEnd(seconds(30)));
  EXPECT_FALSE(RawConnection::Open(serving.target()).has_value());
  go = true;
  const auto response = busy->ReadResponse();
  EXPECT_EQ(response->body, "done");
  EXPECT_EQ(response->Find("connection"), "close");
}

// As systemd hands it over: the accept that finds nobody must not stop the loop.
TEST(Server, AnInheritedSocketThatBlocksIsServedLikeAnyOther) {
  Serving serving(Echo);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  Address address = *Address::Parse("127.0.0.1:0");
  ASSERT_EQ(::bind(listener, address.get(), address.size), 0);
  ASSERT_EQ(::listen(listener, 16), 0);
  ASSERT_EQ(::getsockname(listener, address.get(), &address.size), 0);
  serving.loop().Post([&] { EXPECT_TRUE(serving.server().Adopt(listener)); });
  const support::Target inherited{.port = address.port(), .patience = seconds(30)};
  for (int i = 0; i < 2; ++i) {
    const auto response = Fetch(inherited, "POST", "/x", {}, "body");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "POST /x\nbody");
  }
}

TEST(Server, TwoThousandIdleConnectionsDoNotDisturbOne) {
  Serving serving(Echo);
  std::vector<RawConnection> idle;
  for (int i = 0; i < 2000; ++i) {
    auto connection = RawConnection::Open(serving.target());
    if (!connection) GTEST_SKIP() << "this machine allows too few open files";
    idle.push_back(*std::move(connection));
  }
  EXPECT_EQ(Fetch(serving.target(), "POST", "/x", {}, "body")->body, "POST /x\nbody");
}

// Cancels another strand once that has had time to run full, in the middle of whatever it does.
Task<void> CancelSoon(Loop& loop, Strand& strand) {
  Strand own(loop);
  own.SetDeadlineIn(milliseconds(100));
  while (!own.expired()) co_await own.Wait();
  strand.Cancel();
}

TEST(Server, AnAnswerThatWasCancelledInTheMiddleOfSendingCanStillBeEnded) {
  const std::string large(32 << 20, 'x');
  std::promise<Io> cancelled;
  Serving serving([&](Exchange& exchange) -> Task<void> {
    exchange.Begin(200, "", {}, std::nullopt);
    Loop& loop = exchange.strand().loop();
    loop.Spawn(CancelSoon(loop, exchange.strand()));
    const Io io = co_await exchange.SendPiece(large);
    cancelled.set_value(io);
    exchange.strand().Recover();
    co_await exchange.EndBy(loop.now() + seconds(60), "the end");
  });
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send(FormatRequest("GET", "/")));
  ASSERT_EQ(cancelled.get_future().get(), Io::kCancelled) << "nobody reads";
  const auto response = connection->ReadResponse("GET");
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->complete);
  EXPECT_EQ(response->body.size(), large.size() + 7);
  EXPECT_TRUE(response->body.ends_with("xthe end"));
}

TEST(Server, AnEndThatIsNotTakenInTimeCutsTheConnection) {
  const std::string large(32 << 20, 'x');
  std::promise<Io> late;
  Serving serving([&](Exchange& exchange) -> Task<void> {
    exchange.Begin(200, "", {}, std::nullopt);
    Loop& loop = exchange.strand().loop();
    const Io io = co_await exchange.EndBy(loop.now() + milliseconds(50), large);
    late.set_value(io);
  });
  auto connection = RawConnection::Open(serving.target());
  ASSERT_TRUE(connection->Send(FormatRequest("GET", "/")));
  EXPECT_EQ(late.get_future().get(), Io::kDeadline);
  const auto response = connection->ReadResponse("GET");
  EXPECT_FALSE(response && response->complete);
}

}  // namespace
}  // namespace postern::http
