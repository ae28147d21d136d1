// An HTTPS server for an API of people and scripts: POCO's sockets, TLS and HTTP, and bounds of our own
// around them, since anybody who reaches the port may hold connections open.
//
//   connection ── accept ── TLS ── head ── body ── handler ── answer ── (next request) ── closed
//                 │         └───── head_timeout ─┘ body_timeout        idle_timeout
//                 └ at most `connections`, and `connections_per_source` of one address
//
// A watch thread closes what is past its deadline, whatever it is waiting for; so a peer that sends a byte
// now and then (slow loris), says nothing, or reads nothing, holds a thread no longer than that. It fails
// closed: what can't be parsed is answered with 400 and ends the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "shared/base/result.h"
#include "shared/rest/message.h"

namespace postern::rest {

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // "host:port"; port 0: any that is free
  std::string certificate;              // file of PEM, the leaf first
  std::string key;                      // file of PEM
  size_t threads = 48;                  // requests at a time
  size_t connections = 96;              // threads, and those that wait for one
  size_t connections_per_source = 32;
  size_t body_bytes = 1 << 20;
  // Where it is set: how large the body of this request may be, whose head alone has been read. Called by
  // many threads at once.
  std::function<size_t(const Request& head)> body_limit = {};
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds body_timeout{20'000};
  std::chrono::milliseconds answer_timeout{30'000};  // from one piece of an answer to the next
  std::chrono::milliseconds idle_timeout{15'000};    // between requests of a connection
};

struct ServerStats {
  uint64_t connections = 0;  // open now
  uint64_t accepted = 0;
  uint64_t turned_away = 0;  // by the bounds on connections
  uint64_t timed_out = 0;
  uint64_t unreadable = 0;  // requests, handshakes
};

// Threads: one accepts, one watches deadlines, the pool's read, call the handler and answer. The handler is
// called by many threads at once. TLS 1.2 and later only; no renegotiation. Thread-safe.
class Server {
 public:
  using Handler = std::function<Response(const Request&)>;

  // Listens and serves. kInvalid or kNotFound with the file's name where certificate or key can't be used;
  // kUnavailable where the address can't be had.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler);
  ~Server();  // stops

  uint16_t port() const;
  ServerStats stats() const;

  // Reads certificate and key again, for connections from now on. On failure the old ones stay.
  Status ReloadCertificate();

  // Takes no more connections, closes those that wait for a request, lets running handlers finish (streams
  // end at their next write) and returns when no thread is in a handler any more. May be called again. Who
  // makes handlers wait for something must end that wait first.
  void Stop();

 private:
  class State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::rest
