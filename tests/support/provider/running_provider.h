// A provider on a thread of its own: what the program is, and what a test starts within its own process.
//
//   auto provider = RunningProvider::Start({});
//   Fetch({.port = (*provider)->port()}, "POST", "/v1/messages", …);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "shared/http/loop.h"
#include "tests/support/provider/options.h"

namespace postern::provider {

class Provider;

// Stops when destroyed: connections are cut. Thread-compatible.
class RunningProvider {
 public:
  static Result<std::unique_ptr<RunningProvider>> Start(const Options& options);
  RunningProvider(const RunningProvider&) = delete;
  RunningProvider& operator=(const RunningProvider&) = delete;
  ~RunningProvider();

  uint16_t port() const { return port_; }
  std::string url() const { return url_; }  // "http://127.0.0.1:PORT", or https

 private:
  RunningProvider() = default;

  std::unique_ptr<http::Loop> loop_;
  std::unique_ptr<Provider> provider_;
  std::thread thread_;
  uint16_t port_ = 0;
  std::string url_;
};

}  // namespace postern::provider
