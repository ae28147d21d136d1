// What arrived and how it ended, for tests to ask after.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/clock.h"
#include "shared/crypto/sha256.h"
#include "shared/http/message.h"
#include "tests/support/provider/bell.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

enum class Outcome {
  kInFlight,
  kComplete,    // answered to the last byte
  kCut,         // cut by us, as its plan says
  kClientGone,  // the client left, before or during the answer
  kMalformed,   // its body wasn't framed as it claimed
};
const char* Name(Outcome outcome);  // "in_flight", "complete", …

struct Record {
  uint64_t epoch = 0;       // which reset it came after
  uint64_t number = 0;      // from 1 on, since the last reset
  uint64_t connection = 0;  // from 1 on
  WallTime arrived{};       // when its head was complete
  std::string method;
  std::string target;
  int minor_version = 1;
  std::vector<std::pair<std::string, std::string>> headers;  // as sent, in order
  bool chunked = false;
  std::string body;  // only when bodies are kept
  bool body_kept = false;
  uint64_t body_size = 0;
  crypto::Digest body_digest{};  // like every digest here, only while records are kept
  bool body_read = false;        // to its end

  std::string model;
  bool message = false;  // an exchange of messages, which is billed
  int status = 0;
  uint64_t bytes_sent = 0;         // of the answer, head and framing included
  size_t events_sent = 0;          // whole events, or 1 for a JSON body
  crypto::Digest answer_digest{};  // of the body, as coded, without its framing: what was sent of it
  uint64_t answer_size = 0;
  Tokens told;  // the counts that the client was told last
  Outcome outcome = Outcome::kInFlight;
};

struct Totals {
  uint64_t requests = 0;  // to the API, of any kind
  uint64_t answered = 0;  // messages answered with 200 and complete
  uint64_t broken = 0;    // messages answered with 200 and not complete
  uint64_t refused = 0;   // answered with another status
  Tokens answered_tokens;
  Tokens broken_tokens;                                         // what had been told before the break
  std::map<std::string, std::pair<uint64_t, Tokens>> by_model;  // answered ones
};

// Keeps the last `most_records`, and of their bodies at most kMostBodyBytes. A record is shared with its
// exchange, since the journal may forget it first. Owned by the loop thread.
class Journal {
 public:
  explicit Journal(size_t most_records) : most_records_(most_records) {}

  static constexpr size_t kMostBodyBytes = 256 << 20;

  // Without headers when nothing is kept.
  std::shared_ptr<Record> Begin(const http::Head& head, uint64_t connection);
  bool keeps_records() const { return most_records_ > 0; }
  void KeepBody(Record& record, std::string_view body);
  // The exchange is over: counts it.
  void End(Record& record, Outcome outcome);
  // A message that was answered without a record: one of the benchmark's.
  void CountAnswered(const std::string& model, const Tokens& tokens);

  // Numbers begin again; what is in flight isn't counted any more.
  void Reset();

  const std::deque<std::shared_ptr<Record>>& records() const { return records_; }
  const Record* Find(uint64_t number) const;
  const Totals& totals() const { return totals_; }
  uint64_t arrived() const { return arrived_; }
  uint64_t ended() const { return ended_; }
  Bell& bell() { return bell_; }  // rings when something arrives, advances or ends

 private:
  void ForgetOldest();
  void Count(const Record& record);

  const size_t most_records_;
  std::deque<std::shared_ptr<Record>> records_;
  uint64_t epoch_ = 0;
  uint64_t arrived_ = 0;
  uint64_t ended_ = 0;
  size_t body_bytes_ = 0;
  Totals totals_;
  Bell bell_;
};

}  // namespace postern::provider
