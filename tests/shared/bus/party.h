// A server and its clients in one test, all of them served by the test's own thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/bus/client.h"
#include "shared/bus/server.h"
#include "tests/support/held_port.h"

namespace postern::bus {

struct Party {
  Party();

  // Listens, each time at the same port.
  void StartServer();
  CurveKeys Enrol(const std::string& agent);
  std::unique_ptr<Client> Connect(const CurveKeys& keys);
  std::unique_ptr<Client> Connect(const CurveKeys& keys, const CurveKey& server_key);

  // Serves everybody until it holds; false after 30 seconds.
  bool Until(const std::function<bool()>& condition);
  // Serves everybody until the server has received this frame.
  bool Receives(const std::string& frame);

  Admission admission;
  CurveKeys server_keys = CurveKeys::Generate();
  std::unique_ptr<Context> context;
  const support::HeldPort held_port;
  const uint16_t port = held_port.number();
  std::unique_ptr<Server> server;
  std::vector<Client*> clients;       // that are served
  std::deque<Incoming> received;      // by the server
  std::deque<std::string> answers;    // received by any of the clients
  std::vector<Departure> departures;  // told by the server
};

}  // namespace postern::bus
