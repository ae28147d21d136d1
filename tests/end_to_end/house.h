// An organisation's whole house for end-to-end tests: a running collector with a team, a user, a provider
// credential and a key, all made by `postern` as an administrator makes them, and what the log says in the
// end.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {

// What the log holds of hosts.
struct LogContents {
  int64_t last = -1;  // the place up to which it was read
  // By agent and incarnation: the sequences, and whether one came twice.
  std::map<std::pair<std::string, std::string>, std::set<int64_t>> chains;
  uint64_t repeated = 0;
  std::map<std::string, int> intents;   // by the User-Agent of the request
  std::map<std::string, int> outcomes;  // by exchange
  int64_t nano_dollars = 0;
  int64_t input = 0;
  int64_t output = 0;
  std::map<std::string, int> alarms;  // by reason
  uint64_t events = 0;

  int IntentsOf(const std::string& user_agent) const;
};

// The total of /v1/usage.
struct Sums {
  int64_t requests = 0;
  int64_t input = 0;
  int64_t output = 0;
  int64_t nano_dollars = 0;
};

// Failures end the test program: without a house there is no test.
class House {
 public:
  House();

  Keep& keep() { return keep_; }
  const std::string& key() const { return key_; }

  // The options of a host that joins: spends an enrolment token.
  HostOptions Member(HostOptions options = {}) const;

  // postern with these words, as the administrator; what it prints. It must go well.
  std::string Postern(std::vector<std::string> words) const;

  LogContents ReadLog() const;
  // Reads on where it stopped.
  void ReadOn(LogContents& contents) const;
  Sums ReadSums() const;
  // Of an agent's record at the collector: "active", "quarantined", …
  std::string StateOf(const std::string& agent) const;
  std::vector<std::string> agents() const;

 private:
  Keep keep_;
  std::string key_;
};

}  // namespace postern::end_to_end
