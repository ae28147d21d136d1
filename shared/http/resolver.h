// Names to addresses. getaddrinfo blocks, so a worker asks.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "shared/http/address.h"
#include "shared/http/loop.h"
#include "shared/http/worker.h"

namespace postern::http {

// Answers are remembered for 30 seconds, and for as long as the
// as long as the name can't be resolved anew. Addresses need no question. Owned by the loop thread.
class Resolver {
 public:
  // Both must live longer; the worker's jobs may outlast it only until the loop has ended.
  Resolver(Loop& loop, Worker& worker) : loop_(loop), worker_(worker) {}

  // kUnavailable when there is no answer before the strand's deadline or the name is unknown.
  Task<Result<std::vector<Address>>> Resolve(Strand& strand, const std::string& host, uint16_t port);

 private:
  struct Known {
    std::vector<Address> addresses;
    BootTime until{};
    bool asked = false;
    std::string failure;
    std::vector<Strand*> waiting;
  };
  void Ask(const std::string& host);
  void OnAnswer(const std::string& host, std::vector<Address> addresses, std::string failure);

  Loop& loop_;
  Worker& worker_;
  std::map<std::string, Known, std::less<>> known_;
};

}  // namespace postern::http
