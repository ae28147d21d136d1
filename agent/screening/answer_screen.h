// An answer on its way to the client: secrets in it are replaced as it streams, and originals are put back
// where the policy lets local tools have them.
//
//   provider ──events──▶ text, tool input ──StreamScan──▶ the same events, or with a placeholder in a string
//                        tool_use of a listed tool ──held, start to stop──▶ placeholders restored
//
// An event in which nothing is held or replaced goes on as its bytes came. What StreamScan holds goes on with
// the next event of its block, before the block's stop, or when the caller's patience ends (Release).
// Thinking is signed: it is looked at and never changed. Originals go nowhere but into the input of a tool
// that the policy lists and this program knows to be local (policy::kRestorableTools).
//
// Fails closed: after an error nothing more may go on. Pure, but for what the terms' functions do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/screening/answer_judge.h"
#include "agent/screening/answer_reading.h"
#include "shared/base/result.h"

namespace postern::screening {

// One answer. Owned by the loop thread.
class AnswerScreen {
 public:
  static constexpr size_t kMostEvent = size_t{8} << 20;  // of one event
  static constexpr size_t kMostHeld = size_t{8} << 20;   // of a tool's block; a longer one goes on unrestored
  static constexpr size_t kMostWhole = size_t{32} << 20;  // of an answer that isn't a stream

  enum class Form { kEvents, kObject };

  // `json` is borrowed, within calls only.
  AnswerScreen(AnswerTerms terms, Form form, dialect::JsonCursor& json);
  AnswerScreen(const AnswerScreen&) = delete;
  ~AnswerScreen();

  struct Passed {
    std::string_view out;  // what goes on
    // Of what came, what it was made of, for whoever meters; of an object all of it as it comes. Both hold
    // until the next call.
    std::string_view read;
  };
  // The next bytes of the body, decoded if they were compressed. kInvalid for what can't be read, kExhausted
  // for what would take too long or is too long.
  Result<Passed> Feed(std::string_view bytes);
  // The body has ended: what is left of it.
  Result<Passed> Finish();

  // Whether text is held that goes on after secrets::StreamScan::kLongestHold; and that text, without what of
  // it is a secret as it stands. Errors as Feed's.
  bool holds() const;
  Result<std::string_view> Release();

  // Whether a tool's block is held until its stop.
  bool holds_block() const;

  // The body has ended too early, and nothing more goes on: what was found in blocks that are open counts.
  void Abandon();

  // What was found in blocks that have ended, to be recorded: in_answer, and in no message.
  std::vector<Found> TakeFound() { return judge_.TakeFound(); }
  uint64_t restored() const { return judge_.restored(); }

 private:
  struct Block;

  Status TakeEvent(std::string_view raw);
  Status Start(std::string_view raw, const Glance& glance);
  Status Delta(std::string_view raw, const Glance& glance);
  Status Hold(const Glance& glance, Block& block);
  Status Stop(int64_t index);
  Status PassString(std::string_view raw, const Glance& glance, Block& block);
  Status EndHeld(Block& block);
  Status EndScan(Block& block);
  void AppendDelta(const AnswerBlock& block, std::string_view text);
  Status TakeObject();
  Status ScreenPart(const WholeBlock& part, std::string& out);

  AnswerJudge judge_;
  const Form form_;
  dialect::JsonCursor& json_;
  std::string input_;  // what came and isn't used up; an object whole
  size_t used_ = 0;    // of it, by the last call
  std::string out_;
  std::string_view came_;  // the event that is taken, as it came
  std::string joined_;     // an event whose data were several lines, as one
  std::map<int64_t, Block> blocks_;
};

}  // namespace postern::screening
