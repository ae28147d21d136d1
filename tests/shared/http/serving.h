// A server on a loop in a thread of its own, for tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "shared/http/server.h"
#include "tests/support/http_client.h"

namespace postern::http {

// {status}: {sentence}, so that a test sees what was refused.
inline Answer RenderForTest(const ProtocolError& error) {
  Answer answer;
  answer.status = error.status;
  answer.headers = {{"content-type", "text/plain"}};
  answer.body = error.sentence;
  return answer;
}

class Serving {
 public:
  explicit Serving(Server::Handler handler, ServerLimits limits = {}) : loop_(*Loop::Make()) {
    server_.emplace(*loop_, buffers_, limits, std::move(handler), RenderForTest, nullptr);
    CHECK(server_->Listen(*Address::Parse("127.0.0.1:0")).has_value());
    port_ = server_->addresses().front().port();
    thread_ = std::jthread([this] { loop_->Run(); });
  }
  ~Serving() {
    loop_->Stop();
    thread_.join();
    loop_->DestroySpawned();
  }

  uint16_t port() const { return port_; }
  support::Target target() const { return {.port = port_, .patience = std::chrono::seconds(20)}; }
  Loop& loop() { return *loop_; }
  Server& server() { return *server_; }
  BufferPool& buffers() { return buffers_; }

 private:
  std::unique_ptr<Loop> loop_;
  BufferPool buffers_;
  std::optional<Server> server_;
  uint16_t port_ = 0;
  std::jthread thread_;
};

// Answers with the method, the target and the body that came.
inline Task<void> Echo(Exchange& exchange) {
  const BodyState state = co_await exchange.ReadBody();
  Answer answer;
  if (state == BodyState::kGone) co_return;
  if (state != BodyState::kWhole) {
    answer.status = state == BodyState::kTooLarge ? 413 : state == BodyState::kTimedOut ? 408 : 400;
  }
  answer.headers = {{"content-type", "text/plain"}};
  answer.body = std::string(exchange.head().method) + " " + std::string(exchange.head().target) + "\n" +
                std::string(exchange.body().view());
  co_await exchange.Send(answer);
}

}  // namespace postern::http
