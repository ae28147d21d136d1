// Reading an answer as far as screening has to: where its events end, what one says, and the blocks of an
// answer that is no stream. Everything is borrowed from the text that is read. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/screening/answer_judge.h"

namespace postern::screening {

inline constexpr size_t kMostBlocks = 4'096;  // of one answer

// Behind the first event that ends at or after `from`, with the empty line that ends it; 0: none is complete.
// A CR at the end may belong to a LF that is still to come.
size_t EventEnd(std::string_view bytes, size_t from);

// One event, on whose one line of data offsets can be told.
struct AnswerEvent {
  std::string_view raw;   // as it came; of one whose data were several lines, put together anew in `joined`
  std::string_view data;  // a part of `raw`; empty: it says nothing
  bool too_long = false;
};
AnswerEvent ReadAnswerEvent(std::string_view came, size_t most, std::string& joined);

// What an event of a block says.
struct Glance {
  std::string type;
  std::optional<int64_t> index;
  std::string block_type;                    // of content_block_start
  std::string tool;                          // likewise
  std::optional<std::string_view> contents;  // of the string with content, between its quotes
};
// Nothing where it is no JSON, or speaks of no block.
std::optional<Glance> ReadGlance(std::string_view data, dialect::JsonCursor& json);

// A block of an answer that is no stream.
struct WholeBlock {
  AnswerBlock block;
  // A string's contents between its quotes, or a tool's input as it stands; none: it has neither.
  std::optional<std::string_view> contents;
};
// Nothing where it can't be read, or has too many.
std::optional<std::vector<WholeBlock>> ReadAnswerObject(std::string_view text, dialect::JsonCursor& json);

}  // namespace postern::screening
