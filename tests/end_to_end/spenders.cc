#include "tests/end_to_end/spenders.h"

#include <chrono>
#include <random>

#include "shared/base/json_text.h"

namespace postern::end_to_end {
namespace {

constexpr int kEvents = 10;
constexpr int64_t kBytesPerToken = 4;  // as the simulator counts
constexpr std::chrono::milliseconds kLookAgain{5};

std::string BodyOf(const Appetite& appetite, int64_t tokens) {
  const std::string directive = "[[postern text \"word \" events=" + std::to_string(kEvents) +
                                " size=" + std::to_string(tokens * kBytesPerToken / kEvents) +
                                " output_tokens=" + std::to_string(tokens) +
                                " within_max_tokens pace_ms=" + std::to_string(appetite.pace_ms) + "]]";
  return R"({"model":)" + JsonString(appetite.model) + R"(,"max_tokens":)" +
         std::to_string(appetite.max_tokens) + R"(,"stream":true,"messages":[{"role":"user","content":)" +
         JsonString(directive) + "}]}";
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

Fate AskOnce(uint16_t port, const support::Headers& headers, const Appetite& appetite, int64_t tokens,
             std::string& odd) {
  auto connection = support::RawConnection::Open({.port = port});
  if (!connection) return Fate::kBroken;
  const std::string request =
      support::FormatRequest("POST", "/v1/messages?beta=true", headers, BodyOf(appetite, tokens));
  if (!connection->Send(request)) return Fate::kBroken;
  const auto answer = connection->ReadResponse();
  if (!answer) return Fate::kBroken;
  if (answer->status == 200) {
    if (!answer->complete) return Fate::kBroken;
    return Has(answer->body, "message_stop") && !Has(answer->body, "This answer was ended") ? Fate::kWhole
                                                                                            : Fate::kEnded;
  }
  if (Has(answer->body, "has too little left")) return Fate::kExhausted;
  if (Has(answer->body, "no answer about") || Has(answer->body, "can't be reached") ||
      Has(answer->body, "provider credential") || Has(answer->body, "policy") ||
      Has(answer->body, "set this host aside"))
    return Fate::kAway;
  // Its agent's record began anew before the answer did.
  if (answer->status == 402 && Has(answer->body, "what was reserved for the answer counts no longer"))
    return Fate::kBroken;
  odd = std::to_string(answer->status) + " " + answer->body;
  return Fate::kOdd;
}

void Spenders::Add(const std::atomic<uint16_t>& port, int clients) {
  for (int i = 0; i < clients; ++i)
    threads_.emplace_back([this, &port, seed = static_cast<uint32_t>(threads_.size())] { Run(port, seed); });
}

void Spenders::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Spenders::Run(const std::atomic<uint16_t>& port, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int64_t> tokens(appetite_.least, appetite_.most);
  while (!stopping_) {
    const uint16_t now = port;
    std::string odd;
    const Fate fate = now == 0 ? Fate::kBroken : AskOnce(now, headers_, appetite_, tokens(random), odd);
    told_.With([&](Told& told) {
      switch (fate) {
        case Fate::kWhole: ++told.whole; break;
        case Fate::kExhausted: ++told.exhausted; break;
        case Fate::kEnded: ++told.ended; break;
        case Fate::kAway: ++told.away; break;
        case Fate::kBroken: ++told.broken; break;
        case Fate::kOdd: ++told.odd[odd]; break;
      }
    });
    // Who is refused comes again, but not at once: a thousand times a second says nothing more.
    if (fate != Fate::kWhole)
      std::this_thread::sleep_for(fate == Fate::kBroken ? kLookAgain : 10 * kLookAgain);
  }
}

Told Spenders::told() const {
  return told_.With([](const Told& told) { return told; });
}

}  // namespace postern::end_to_end
