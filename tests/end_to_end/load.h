// Clients that never tire: they ask, lose the agent in the middle of an answer, and ask again. Each request
// carries a User-Agent of its own, which the agent records and the provider is sent, so that the three
// accounts can be compared.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "shared/base/guarded.h"
#include "tests/end_to_end/host.h"

namespace postern::end_to_end {

// Thread-safe. The host must live longer.
class Load {
 public:
  Load(const Host& host, int clients);
  ~Load() { Stop(); }

  // Where the agent listens; 0: nowhere now.
  void PointAt(uint16_t port) { port_ = port; }

  // Waits until so many more answers have come whole; false after a minute without them.
  bool WaitForMore(uint64_t answers) const;

  // Ends what is under way and joins the clients. May be called again.
  void Stop();

  // User-Agents of the requests of which at least one byte of an answer has come.
  std::set<std::string> answered() const;
  // Answers that came whole.
  uint64_t whole() const { return whole_; }
  // Answers other than 200, as "status body". There should be none.
  std::vector<std::string> odd() const;

 private:
  struct Account {
    std::set<std::string> answered;
    std::vector<std::string> odd;
  };
  void Run(uint32_t client);
  bool Ask(support::RawConnection& connection, const std::string& user_agent, uint32_t chance);

  const support::Headers headers_;
  std::atomic<uint16_t> port_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> whole_{0};
  Guarded<Account> account_;
  std::vector<std::thread> clients_;
};

}  // namespace postern::end_to_end
