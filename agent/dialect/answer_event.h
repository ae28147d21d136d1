// One JSON object of an answer: an event of a stream, or a whole answer that wasn't streamed.
//
// A whole answer (`"type":"message"`) has the members that message_start carries in `message`, so one reader
// serves both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/dialect/usage_report.h"

namespace postern::dialect {

// A part of the answer: text, thinking, tool_use, server_tool_use, …
struct AnswerBlock {
  int64_t index = 0;
  std::string type;  // made plain, at most 64 bytes
  std::string id;    // of tools; made plain, at most 128 bytes
  std::string name;  // of tools; made plain, at most 128 bytes
  bool complete = false;

  // A tool that the client will run once the block is complete.
  bool IsToolUse() const { return type == "tool_use"; }
  friend bool operator==(const AnswerBlock&, const AnswerBlock&) = default;
};

// Members that the object doesn't have are empty; strings are made plain and at most 128 bytes.
struct AnswerEvent {
  std::string type;  // message_start, …, message_stop, error, ping; message for a whole answer
  std::optional<int64_t> index;
  std::string message_id;
  std::string model;
  std::string stop_reason;
  std::string error_type;
  UsageReport usage;
  std::optional<AnswerBlock> block;  // of content_block_start
  std::vector<AnswerBlock> content;  // of a whole answer, at most kMostContent
  uint64_t content_count = 0;
  uint64_t content_bytes = 0;  // of text, thinking and tool input, as escaped in JSON

  static constexpr size_t kMostContent = 4096;
};

// Nothing if the text isn't a JSON object. Where a key is repeated the last one counts, as for the clients.
std::optional<AnswerEvent> ReadAnswerEvent(std::string_view text, JsonCursor& json);

}  // namespace postern::dialect
