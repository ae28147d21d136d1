#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/shared/bus/party.h"

namespace postern::bus {
namespace {

using std::chrono::milliseconds;

bool Connected(const std::unique_ptr<Client>& client) { return client->state() == ClientState::kConnected; }

TEST(Bus, CarriesFramesBothWaysInOrderAndSaysWhoseTheyAre) {
  Party party;
  const auto client = party.Connect(party.Enrol("alice-laptop"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(client->Send("message " + std::to_string(i)));
  ASSERT_TRUE(party.Until([&] { return party.received.size() == 40; }));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(party.received[i].frame, "message " + std::to_string(i));
    EXPECT_EQ(party.received[i].agent, "alice-laptop");
    EXPECT_EQ(party.received[i].address.rfind("127.0.0.1:", 0), 0u) << party.received[i].address;
    ASSERT_TRUE(party.server->Send(party.received[i].peer, "answer " + std::to_string(i)));
  }
  ASSERT_TRUE(party.Until([&] { return party.answers.size() == 40; }));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(party.answers[i], "answer " + std::to_string(i));
}

TEST(Bus, CarriesAFrameOfExactlyTheLargestSize) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("the first message is a short one"));
  ASSERT_TRUE(party.Until([&] { return party.received.size() == 1; }));
  const std::string frame(kMaxFrameBytes, 'x');
  ASSERT_TRUE(client->Send(frame));
  ASSERT_TRUE(party.Receives(frame));
  ASSERT_TRUE(party.server->Send(party.received[0].peer, frame));
  ASSERT_TRUE(party.Until([&] { return party.answers.size() == 1; }));
  EXPECT_EQ(party.answers[0], frame);
}

TEST(Bus, AnUnknownKeyIsKeptOutAndComesInOnceItIsAdmitted) {
  Party party;
  const CurveKeys keys = CurveKeys::Generate();
  const auto client = party.Connect(keys);
  ASSERT_TRUE(party.Until([&] { return party.server->stats().unknown_keys >= 2; }));
  EXPECT_EQ(client->state(), ClientState::kConnecting);
  EXPECT_EQ(client->Send("hello").error().code, ErrorCode::kUnavailable);
  party.admission.Admit(keys.public_key, "a");
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("hello"));
  EXPECT_TRUE(party.Receives("hello"));
}

TEST(Bus, ARevokedKeyIsToldSoAndComesBackWhenItIsAdmittedAgain) {
  Party party;
  const CurveKeys keys = party.Enrol("a");
  party.admission.Revoke(keys.public_key);
  const auto client = party.Connect(keys);
  ASSERT_TRUE(party.Until([&] { return client->state() == ClientState::kRefused; }));
  ASSERT_TRUE(party.Until([&] { return party.server->stats().revoked_keys >= 2; }));
  EXPECT_EQ(client->state(), ClientState::kRefused);
  party.admission.Admit(keys.public_key, "a");
  EXPECT_TRUE(party.Until([&] { return Connected(client); }));
}

TEST(Bus, NothingOfARevokedKeyIsDeliveredOnItsOpenConnection) {
  Party party;
  const CurveKeys keys = party.Enrol("a");
  const auto client = party.Connect(keys);
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("before"));
  ASSERT_TRUE(party.Receives("before"));
  const Peer peer = party.received[0].peer;

  ASSERT_TRUE(client->Send("after"));  // it lies in the server's queue, or will, when the key is revoked
  party.admission.Revoke(keys.public_key);
  EXPECT_EQ(party.server->Receive(), std::nullopt);
  EXPECT_FALSE(party.server->Send(peer, "secret"));
  ASSERT_TRUE(party.Until([&] { return client->state() == ClientState::kRefused; }));
  EXPECT_EQ(party.received.size(), 1u);
  EXPECT_TRUE(party.answers.empty());
  ASSERT_EQ(party.departures.size(), 1u);
  EXPECT_EQ(party.departures[0].agent, "a");
  EXPECT_EQ(party.departures[0].why, "its key is not admitted any more");
}

TEST(Bus, TheSilentConnectionOfARevokedKeyIsClosedToo) {
  Party party;
  const CurveKeys keys = party.Enrol("a");
  const auto client = party.Connect(keys);
  const auto other = party.Connect(party.Enrol("b"));
  ASSERT_TRUE(party.Until([&] { return Connected(client) && Connected(other); }));
  ASSERT_TRUE(client->Send("one"));
  ASSERT_TRUE(other->Send("two"));
  ASSERT_TRUE(party.Receives("one") && party.Receives("two"));
  party.admission.Revoke(keys.public_key);
  EXPECT_TRUE(party.Until([&] { return client->state() == ClientState::kRefused; }));
  EXPECT_TRUE(Connected(other));
}

TEST(Bus, AClientThatExpectsAnotherServerKeyNeverConnects) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"), CurveKeys::Generate().public_key);
  ASSERT_TRUE(party.Until([&] { return party.server->stats().accepted >= 3; }));
  EXPECT_EQ(client->state(), ClientState::kConnecting);
  EXPECT_EQ(client->connections(), 0u);
}

TEST(Bus, AClientComesBackAfterTheServerWasAway) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  party.server.reset();
  ASSERT_TRUE(party.Until([&] { return !Connected(client); }));
  EXPECT_EQ(client->Send("lost").error().code, ErrorCode::kUnavailable);
  party.StartServer();
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  EXPECT_EQ(client->connections(), 2u);
  ASSERT_TRUE(client->Send("here again"));
  EXPECT_TRUE(party.Receives("here again"));
}

TEST(Bus, AClientThatTriesInVainForLongUsesUpNoSockets) {
  Party party;
  party.server.reset();
  const auto one_client = *Context::Make(1);
  const auto client = *Client::Connect(*one_client, {.address = "127.0.0.1:" + std::to_string(party.port),
                                                     .keys = party.Enrol("a"),
                                                     .server_key = party.server_keys.public_key,
                                                     .first_retry = milliseconds(1),
                                                     .last_retry = milliseconds(1)});
  party.clients.push_back(client.get());
  // More attempts than the context has sockets for.
  for (int waits = 0; waits < 4000; ++waits) client->Wait(milliseconds(5));
  party.StartServer();
  EXPECT_TRUE(party.Until([&] { return Connected(client); }));
}

TEST(Bus, WhatWasQueuedForOneConnectionIsNotSentOnTheNext) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  party.server.reset();
  // The client hasn't noticed yet, and what it sends goes nowhere.
  ASSERT_TRUE(client->Send("of the first connection"));
  ASSERT_TRUE(party.Until([&] { return !Connected(client); }));
  party.StartServer();
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("of the second connection"));
  ASSERT_TRUE(party.Until([&] { return !party.received.empty(); }));
  EXPECT_EQ(party.received[0].frame, "of the second connection");
}

TEST(Bus, ReconnectMakesANewConnection) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("first"));
  ASSERT_TRUE(party.Receives("first"));
  client->Reconnect();
  EXPECT_FALSE(Connected(client));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("second"));
  ASSERT_TRUE(party.Receives("second"));
  EXPECT_NE(party.received[0].peer, party.received[1].peer);
  EXPECT_EQ(party.server->Send(party.received[0].peer, "too late").error().code, ErrorCode::kNotFound);
}

TEST(Bus, CutEndsOneConnectionAndSaysWhy) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  const auto other = party.Connect(party.Enrol("b"));
  ASSERT_TRUE(party.Until([&] { return Connected(client) && Connected(other); }));
  ASSERT_TRUE(client->Send("one"));
  ASSERT_TRUE(other->Send("two"));
  ASSERT_TRUE(party.Receives("one") && party.Receives("two"));
  const Peer peer = party.received[party.received[0].agent == "a" ? 0 : 1].peer;
  ASSERT_TRUE(client->Send("not to be heard"));
  party.server->Cut(peer, "it talks too much");
  ASSERT_TRUE(party.Until([&] { return client->connections() == 2; }));
  EXPECT_EQ(party.received.size(), 2u);
  ASSERT_EQ(party.departures.size(), 1u);
  EXPECT_EQ(party.departures[0].peer, peer);
  EXPECT_EQ(party.departures[0].why, "it talks too much");
  EXPECT_EQ(other->connections(), 1u);
}

TEST(Bus, APeerThatGoesIsReportedWithoutAReason) {
  Party party;
  auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("hello"));
  ASSERT_TRUE(party.Receives("hello"));
  party.clients.clear();
  client.reset();
  ASSERT_TRUE(party.Until([&] { return !party.departures.empty(); }));
  EXPECT_EQ(party.departures[0].peer, party.received[0].peer);
  EXPECT_EQ(party.departures[0].why, "");
  EXPECT_EQ(party.server->stats().connections, 0u);
}

TEST(Bus, SendSaysThatAPeerDoesntTakeWhatWaitsForIt) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("hello"));
  ASSERT_TRUE(party.Receives("hello"));
  // The client is not served from here on. What its ZeroMQ, the kernel and the server hold is bounded.
  const std::string frame(kMaxFrameBytes, 'x');
  Status sent = Ok{};
  int taken = 0;
  while (taken < 1000 && (sent = party.server->Send(party.received[0].peer, frame))) ++taken;
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kExhausted);
  EXPECT_GE(taken, 64);
  EXPECT_EQ(party.server->stats().full, 1u);
  ASSERT_TRUE(party.Until([&] { return party.answers.size() == static_cast<size_t>(taken); }));
  EXPECT_TRUE(party.server->Send(party.received[0].peer, "room again"));
}

TEST(Bus, AClientsQueueIsBoundedWhileTheServerReadsNothing) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("hello"));
  ASSERT_TRUE(party.Receives("hello"));
  const std::string frame(kMaxFrameBytes / 2, 'x');
  Status sent = Ok{};
  size_t taken = 0;
  while (taken < 1000 && (sent = client->Send(frame))) ++taken;
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kExhausted);
  // Everything that was taken arrives: a queue that was full is no reason to be cut.
  ASSERT_TRUE(party.Until([&] { return party.received.size() == taken + 1; }));
  EXPECT_TRUE(party.departures.empty());
}

TEST(Bus, WakeEndsAWaitFromAnotherThread) {
  Party party;
  const auto client = party.Connect(party.Enrol("a"));
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  std::thread waker([&] {
    party.server->Wake();
    client->Wake();
  });
  // Either would wait for an hour.
  party.server->Wait(std::chrono::hours(1));
  client->Wait(std::chrono::hours(1));
  waker.join();
}

TEST(Bus, AnAddressThatIsNoneIsRefused) {
  Party party;
  for (const char* address :
       {"", "4791", ":4791", "host", "host:", "host:x", "host:70000", "a:b:1", "tcp://h:1", "*:1"}) {
    const auto client = Client::Connect(*party.context, {.address = address, .keys = CurveKeys::Generate()});
    ASSERT_FALSE(client) << address;
    EXPECT_EQ(client.error().code, ErrorCode::kInvalid) << address;
    EXPECT_FALSE(Server::Listen({.address = address, .keys = CurveKeys::Generate()}, party.admission))
        << address;
  }
}

TEST(Bus, AnAddressInUseIsUnavailable) {
  Party party;
  const auto second = Server::Listen(
      {.address = "127.0.0.1:" + std::to_string(party.port), .keys = party.server_keys}, party.admission);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST(Bus, OneFrameIsSharedByAllWhoAreSentItAndLetGoWhenTheyHaveIt) {
  Party party;
  std::vector<std::unique_ptr<Client>> clients;
  for (const char* name : {"a", "b", "c"}) clients.push_back(party.Connect(party.Enrol(name)));
  ASSERT_TRUE(party.Until([&] { return std::all_of(clients.begin(), clients.end(), Connected); }));
  for (const auto& client : clients) ASSERT_TRUE(client->Send("hello"));
  ASSERT_TRUE(party.Until([&] { return party.received.size() == 3; }));
  const auto waiting = std::make_shared<std::atomic<uint32_t>>(0);
  std::weak_ptr<const std::string> kept;
  {
    const auto frame = std::make_shared<const std::string>(100'000, 'p');
    kept = frame;
    for (const Incoming& incoming : party.received)
      ASSERT_TRUE(party.server->SendShared(incoming.peer, frame, waiting));
  }
  ASSERT_TRUE(party.Until([&] { return party.answers.size() == 3; }));
  for (const std::string& answer : party.answers) EXPECT_TRUE(answer == std::string(100'000, 'p'));
  EXPECT_TRUE(party.Until([&] { return waiting->load() == 0 && kept.expired(); }));
}

TEST(Bus, ASharedFrameThatIsNotTakenIsNotKept) {
  Party party;
  const auto waiting = std::make_shared<std::atomic<uint32_t>>(0);
  auto frame = std::make_shared<const std::string>("frame");
  EXPECT_EQ(party.server->SendShared(Peer{7}, frame, waiting).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(waiting->load(), 0u);
  EXPECT_EQ(frame.use_count(), 1);
}

TEST(Bus, ADismissedKeyIsTurnedAwayWhileItsConnectionGoesOn) {
  Party party;
  const CurveKeys keys = party.Enrol("a");
  const auto client = party.Connect(keys);
  ASSERT_TRUE(party.Until([&] { return Connected(client); }));
  ASSERT_TRUE(client->Send("hello"));
  ASSERT_TRUE(party.Receives("hello"));
  party.admission.Dismiss(keys.public_key);
  party.server->Wake();
  ASSERT_TRUE(party.server->Send(party.received.back().peer, "a last word"));
  ASSERT_TRUE(party.Until([&] { return !party.answers.empty(); }));
  ASSERT_TRUE(client->Send("understood"));
  EXPECT_TRUE(party.Receives("understood"));
  const auto again = party.Connect(keys);
  EXPECT_TRUE(party.Until([&] { return again->state() == ClientState::kRefused; }));
}

}  // namespace
}  // namespace postern::bus
