// How a stream is ended before its time, so that the client shows a sentence, runs no tool that it hasn't run
// yet, and doesn't come back by another way. What it makes of each form was measured with Claude
// Code 2.1.330:
//
//   what it has been sent so far         is followed by
//   -----------------------------------  --------------------------------------------------------------------
//   a part of an event                   "event: ping": of that name nobody looks at the data, nor is it JSON
//   nothing of the message               a message_start
//   an open text block                   the notice as its last delta, its stop
//   another open block                   nothing: one that is never stopped is dropped, and a tool not run
//     (thinking, a tool), or none        a text block with the notice, at the next index
//   all blocks, and a message_delta      –
//   in each case                         an error event with the sentence
//   message_stop                         nothing at all: it has its answer
//
// The error is final only once a block is complete, which is what the notice's block is for: before that the
// client asks again at once without streaming. A tool block must never be stopped here: it runs at its stop,
// and nothing that comes later takes it back. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/dialect/answer_meter.h"
#include "agent/dialect/sse.h"

namespace postern::dialect {

// How far whoever has been sent so much of a stream has got.
struct StreamStage {
  SseCut cut = SseCut::kBetweenEvents;
  bool begun = false;                // message_start
  bool any_complete = false;         // at least one block
  bool settled = false;              // a message_delta said why it stops
  bool over = false;                 // message_stop
  std::optional<int64_t> open_text;  // the index of the block that is open, if it is text
  bool other_open = false;           // a block of another type is
  int64_t next_index = 0;            // no block has had it or a higher one

  friend bool operator==(const StreamStage&, const StreamStage&) = default;
};

// Of an answer with events, every byte of which the client has been sent or will be sent first.
StreamStage StageOf(const AnswerMeter& answer);

struct EndingWords {
  std::string_view notice;                           // stands at the end of what was answered so far
  std::string_view sentence;                         // what the client shows as its error
  std::string_view request_id;                       // of ours
  std::string_view error_type = "permission_error";  // one that clients take for final
};

// The bytes that follow; after them the body ends properly.
std::string EndingEvents(const StreamStage& stage, const EndingWords& words);

}  // namespace postern::dialect
