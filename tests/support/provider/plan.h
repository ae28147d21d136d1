// What one answer is to be: its content, its pace, and what is to go wrong with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::provider {

// Token counts as `usage` names them; classes don't overlap, but `thinking` is a part of `output`.
struct Tokens {
  int64_t input = 0;
  int64_t output = 0;
  int64_t cache_read = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t thinking = 0;
  int64_t web_searches = 0;
  friend bool operator==(const Tokens&, const Tokens&) = default;
  Tokens& operator+=(const Tokens& other);
};

// A script's word on the counts, where it has one.
struct TokenOverrides {
  std::optional<int64_t> input, output, cache_read, cache_write_5m, cache_write_1h, thinking, web_searches;
};

struct Block {
  enum class Kind { kText, kThinking, kRedactedThinking, kToolUse };
  Kind kind = Kind::kText;
  std::string text;       // the text, the thinking, the redacted data, or the tool's input as JSON
  std::string name = {};  // the tool's
};

enum class Coding { kIdentity, kGzip, kBrotli };
enum class AnswerFraming {
  kUsual,
  kLength,
  kChunked,
  kUntilClose
};  // usual: chunks for events, a length for the rest
enum class Ending { kProper, kFinish, kReset };  // of a cut connection: an orderly TCP end, or a reset
enum class Form { kAsAsked, kEvents, kJson };
enum class LineEnd { kLf, kCrLf, kCr };

// A plan with nothing set is a proper answer that says back what was asked. Thread-compatible.
struct Plan {
  // Content.
  std::vector<Block> blocks;
  int loop = 0;             // so many calls of a tool, one an answer, before the text
  std::string then;         // the text after the tools' results; empty for one of our own
  size_t events = 0;        // deltas of a text block; 0: as many as the text needs
  size_t size = 0;          // bytes of text a delta; 0: 24
  std::string model;        // instead of the request's
  std::string stop_reason;  // instead of the one that fits
  TokenOverrides tokens;
  std::vector<std::string> omitted;  // events left out, by name; "usage" for the counts
  Form form = Form::kAsAsked;

  // Pace.
  std::chrono::milliseconds slow_start{0};   // before the head
  std::chrono::milliseconds first_event{0};  // between the head and the first byte of the body
  std::chrono::milliseconds pace{0};         // between events; 0 sends them together
  std::string hold;                          // waits until this gate is opened …
  std::optional<size_t> hold_after;          // … after so many events; nothing: before the head
  size_t write = 0;                          // bytes a write of the body; 0: as they come

  // Refusals and faults.
  int status = 200;
  std::string error_type;  // fits the status if empty
  std::string message;
  std::optional<int> retry_after;
  std::optional<bool> should_retry;
  bool early = false;               // before the body was read
  std::string error_event;          // an error of this type in the stream …
  std::optional<size_t> after;      // … after so many events
  std::optional<size_t> cut_after;  // the connection is cut after so many events
  std::optional<size_t> cut_bytes;  // … or after so many bytes, head included
  Ending cut = Ending::kFinish;

  // Spelling.
  Coding coding = Coding::kIdentity;
  AnswerFraming framing = AnswerFraming::kUsual;
  bool http_1_0 = false;
  bool close = false;        // the connection ends after the answer
  std::vector<int> interim;  // 1xx answers before it
  size_t ping_every = 0;     // a ping after each so many deltas; one ping comes in any case
  size_t comment_every = 0;
  LineEnd line_end = LineEnd::kLf;
  bool no_space = false;  // after the colons of a stream's fields
  bool byte_order_mark = false;
  bool within_max_tokens = false;  // the counts tell of no more output than the request allows
  std::optional<uint64_t> odd;     // JSON spelled oddly, by this seed

  // Instead of all that.
  std::optional<std::string> body;  // these bytes, as the answer's body
  std::string content_type = "application/json";
  std::optional<std::string> raw;  // these bytes on the connection, which then ends
};

}  // namespace postern::provider
