// What an answer of the Messages API did and what it used, read from a copy of its bytes while they pass.
//
// Events are told apart by the data's `type`, which is what clients go by. The event line only allows a quick
// way for text: where both say content_block_delta, the rest of the event is not parsed. Everything else is.
// How usage adds up is in usage_report.h.
//
// The meter never stops an answer and fails neither open nor closed: an event that can't be read is counted
// and passed over, and whoever bills must look at `complete`, `usage_seen`, `unreadable` and `undecoded`. An
// error answer carries no usage and so costs nothing; a stream that breaks off with an error keeps what was
// reported before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/answer_event.h"
#include "agent/dialect/json_cursor.h"
#include "agent/dialect/sse.h"
#include "agent/dialect/usage_report.h"
#include "shared/pricing/usage.h"

namespace postern::dialect {

// Strings are made plain and at most 128 bytes.
struct AnswerFacts {
  pricing::Usage usage;
  bool usage_seen = false;
  bool prompt_told = false;  // what the prompt is billed was in it
  bool usage_told = false;   // it came once the answer was written: not with message_start alone
  std::string message_id;
  std::string model;  // as the provider names it
  std::string stop_reason;
  std::string error_type;           // of an error answer or event, such as "overloaded_error"
  std::vector<AnswerBlock> blocks;  // in order of their start; the first kMostBlocks
  uint64_t block_count = 0;
  // Of text, thinking and tool input, as escaped in JSON, to estimate from; of a JSON answer that isn't whole
  // yet all of its bytes.
  uint64_t content_bytes = 0;
  uint64_t events = 0;
  bool begun = false;       // message_start
  uint64_t unreadable = 0;  // events too large or not JSON, stops of blocks that weren't open
  bool complete = false;    // message_stop, or the whole of a JSON answer
  bool came = false;        // a byte of the body, or more
  bool ended = false;       // the body came to its proper end
  bool undecoded = false;   // its coding can't be read, or not any further

  friend bool operator==(const AnswerFacts&, const AnswerFacts&) = default;
};

// Reads one answer. Its memory is bounded: by kMostJson, or the cap of SseParser, and kMostBlocks.
// Thread-compatible.
class AnswerMeter {
 public:
  static constexpr size_t kMostBlocks = AnswerEvent::kMostContent;
  static constexpr size_t kMostJson = size_t{32} << 20;

  // `content_type` is the answer's. Unless it says text/event-stream, a body that begins with { is one JSON
  // object; any other is read as events, because clients do. `json` is borrowed, within calls only: one
  // serves all the answers of a thread.
  AnswerMeter(std::string_view content_type, JsonCursor& json);

  // The next bytes of the body, decoded if they were compressed; they may be cut anywhere.
  void Feed(std::string_view bytes);

  // The body has ended properly. Where it was cut, leave this out: the facts are then what was seen.
  void Finish();

  // What follows can't be read: nothing is to be fed any more.
  void GiveUp() { facts_.undecoded = true; }

  // Up to date after each call.
  const AnswerFacts& facts() const { return facts_; }
  // Whether it is read as events; false also while it is unsettled.
  bool has_events() const { return form_ == Form::kEvents; }
  // Where what was fed ends, if these are events.
  SseCut cut() const { return events_.cut(); }

 private:
  enum class Form { kUnsettled, kEvents, kObject };

  void Keep(std::string_view bytes);
  void Take(const SseEvent& event);
  bool TakeContentDelta(std::string_view data);
  bool TakeContent(std::string_view text_and_end);
  void RememberBeginning(std::string_view data);
  void Apply(AnswerEvent& event);
  void Start(AnswerBlock block);
  void Stop(int64_t index);

  JsonCursor& json_;
  Form form_;
  SseParser events_;
  std::string beginning_;  // of the last event with content, as far as its text: the next ones mostly have it
  std::string object_;     // a JSON answer so far
  UsageReport usage_;
  AnswerFacts facts_;
};

}  // namespace postern::dialect
