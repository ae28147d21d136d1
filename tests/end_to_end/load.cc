#include "tests/end_to_end/load.h"

#include <array>
#include <chrono>
#include <random>

#include <poll.h>
#include <sys/socket.h>

namespace postern::end_to_end {
namespace {

using support::RawConnection;

constexpr std::chrono::milliseconds kLookAgain{1};
constexpr std::chrono::minutes kLongestDrought{1};
constexpr int kMostOnOneConnection = 20;
constexpr uint32_t kLeaveOneIn = 10;
constexpr int kPatienceMs = 30'000;

// Short and long, streamed and whole, prompt and slow: at any instant some exchange is at each step of its
// way.
const std::array kPrompts = {
    StreamBody(R"([[postern text "hello" events=20 pace_ms=2]])"),
    MessageBody("hello"),
    StreamBody(R"([[postern text "hello" events=5]])"),
    MessageBody("[[postern text \"hello\" slow_start_ms=10]]"),
    StreamBody(R"([[postern text "hello" events=3 slow_start_ms=5 first_event_ms=5]])"),
};

// True once the first byte of the answer is here; it stays to be read.
bool AwaitFirstByte(const RawConnection& connection) {
  pollfd waiting{connection.descriptor(), POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
  char byte = 0;
  return ::recv(connection.descriptor(), &byte, 1, MSG_PEEK) == 1;
}

}  // namespace

Load::Load(const Host& host, int clients) : headers_(host.MessageHeaders()) {
  for (int i = 0; i < clients; ++i) clients_.emplace_back([this, i] { Run(static_cast<uint32_t>(i)); });
}

bool Load::WaitForMore(uint64_t answers) const {
  const uint64_t wanted = whole() + answers;
  const auto end = std::chrono::steady_clock::now() + kLongestDrought;
  while (whole() < wanted) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(kLookAgain);
  }
  return true;
}

void Load::Stop() {
  stopping_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

void Load::Run(uint32_t client) {
  std::mt19937 random(client);
  uint64_t number = 0;
  while (!stopping_) {
    const uint16_t port = port_;
    auto connection = port == 0 ? Result<RawConnection>(Error{ErrorCode::kUnavailable, "nobody listens"})
                                : RawConnection::Open({.port = port});
    if (!connection) {
      std::this_thread::sleep_for(kLookAgain);
      continue;
    }
    for (int i = 0; i < kMostOnOneConnection && !stopping_; ++i) {
      const std::string user_agent = "load/" + std::to_string(client) + "." + std::to_string(++number);
      if (!Ask(*connection, user_agent, static_cast<uint32_t>(random()))) break;
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    }
  }
}

// False when the connection is of no more use.
bool Load::Ask(RawConnection& connection, const std::string& user_agent, uint32_t chance) {
  support::Headers headers = headers_;
  headers.emplace_back("user-agent", user_agent);
  const std::string& prompt = kPrompts[chance % kPrompts.size()];
  if (!connection.Send(support::FormatRequest("POST", "/v1/messages?beta=true", headers, prompt)))
    return false;
  if (!AwaitFirstByte(connection)) return false;
  account_.With([&](Account& account) { account.answered.insert(user_agent); });
  if (chance / kPrompts.size() % kLeaveOneIn == 0) return false;
  const auto answer = connection.ReadResponse();
  if (!answer) return false;
  if (answer->status != 200) {
    account_.With([&](Account& account) {
      account.odd.push_back(std::to_string(answer->status) + " " + answer->body);
    });
  }
  if (answer->complete) ++whole_;
  return answer->complete;
}

std::set<std::string> Load::answered() const {
  return account_.With([](const Account& account) { return account.answered; });
}

std::vector<std::string> Load::odd() const {
  return account_.With([](const Account& account) { return account.odd; });
}

}  // namespace postern::end_to_end
