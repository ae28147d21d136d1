// Names to addresses, off the loop: getaddrinfo blocks, so it has a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shared/http/address.h"
#include "shared/http/loop.h"

namespace postern::http {

// Asked by the loop thread; a thread inside does the waiting. Answers are remembered for 30 seconds, and for
// as long as the name can't be resolved anew. Addresses need no question. Owned by the loop thread.
class Resolver {
 public:
  explicit Resolver(Loop& loop);
  ~Resolver();  // waits for a question that is being asked

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
  void Work(const std::stop_token& stop);
  void OnAnswer(const std::string& host, std::vector<Address> addresses, std::string failure);

  Loop& loop_;
  std::map<std::string, Known, std::less<>> known_;
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::vector<std::string> questions_;
  std::jthread thread_;
};

}  // namespace postern::http
