#include "tests/shared/bus/party.h"

#include <algorithm>

#include "shared/base/check.h"

namespace postern::bus {
namespace {

// In one turn, so that a peer that never stops can't hold up the test itself.
constexpr int kMostInATurn = 1'000;

}  // namespace

Party::Party() : context(*Context::Make(64)) { StartServer(); }

void Party::StartServer() {
  auto made =
      Server::Listen({.address = "127.0.0.1:" + std::to_string(port), .keys = server_keys}, admission);
  CHECK(made);
  server = *std::move(made);
}

CurveKeys Party::Enrol(const std::string& agent) {
  CurveKeys keys = CurveKeys::Generate();
  admission.Admit(keys.public_key, agent);
  return keys;
}

std::unique_ptr<Client> Party::Connect(const CurveKeys& keys) {
  return Connect(keys, server_keys.public_key);
}

std::unique_ptr<Client> Party::Connect(const CurveKeys& keys, const CurveKey& server_key) {
  auto made = Client::Connect(*context, {.address = "127.0.0.1:" + std::to_string(port),
                                         .keys = keys,
                                         .server_key = server_key,
                                         .first_retry = std::chrono::milliseconds(20),
                                         .last_retry = std::chrono::milliseconds(200)});
  CHECK(made);
  clients.push_back(made->get());
  return *std::move(made);
}

bool Party::Until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    if (server) {
      server->Wait(std::chrono::milliseconds(1));
      for (int turn = 0; turn < kMostInATurn; ++turn) {
        auto incoming = server->Receive();
        if (!incoming) break;
        received.push_back(*std::move(incoming));
      }
      for (Departure& departure : server->TakeDepartures()) departures.push_back(std::move(departure));
    }
    for (Client* client : clients) {
      client->Wait(std::chrono::milliseconds(server ? 0 : 1));
      while (auto answer = client->Receive()) answers.push_back(*std::move(answer));
    }
  }
  return true;
}

bool Party::Receives(const std::string& frame) {
  return Until([&] {
    return std::any_of(received.begin(), received.end(),
                       [&](const Incoming& one) { return one.frame == frame; });
  });
}

}  // namespace postern::bus
