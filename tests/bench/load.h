// The load: keep-alive connections from one thread, each carrying conversations of its own.
//
// Two ways to drive it. Closed: every connection sends its next request as soon as it has the answer; this is
// for costs. At a rate: requests are due at fixed instants, and latency counts from the instant a request was
// due, not from when it could be sent; so a stall is seen by all the requests that it delayed (no coordinated
// omission). This is for latencies.
//
// Any answer but a whole 200 with the events that were asked for ends the run with an error: a proxy must not
// look fast by failing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "tests/bench/upstream_script.h"

namespace postern::bench {

struct Target {
  uint16_t port = 0;    // on 127.0.0.1, plain HTTP
  std::string headers;  // what this target wants besides, each line with its CRLF
};

struct Shape {
  size_t body_size = 300;
  Answer answer = Answer::kMessage;
};

struct Outcome {
  uint64_t requests = 0;
  uint64_t events = 0;
  double seconds = 0;
  std::vector<double> latency_us;  // to the last byte of each answer
};

// Makes an interrupt (SIGINT, SIGTERM) end a run with kUnavailable.
void StopOnInterrupt();
bool WasInterrupted();

// Keeps its connections between runs; one that the proxy closed while idle is opened again.
// Thread-compatible.
class Clients {
 public:
  Clients(Target target, Shape shape, int connections);
  ~Clients();
  Clients(Clients&&) noexcept;
  Clients& operator=(Clients&&) = delete;

  // Sends `requests` requests and waits for all their answers. kUnavailable when something failed or nothing
  // moved for 60 s.
  Result<Outcome> Run(uint64_t requests);
  // The same at `per_second`, each on the connection that has been idle longest.
  Result<Outcome> RunAtRate(uint64_t requests, double per_second);

 private:
  class Driver;
  std::unique_ptr<Driver> driver_;
};

}  // namespace postern::bench
