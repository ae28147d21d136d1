// Server-sent events, as the WHATWG's HTML standard (section 9.2) and the Anthropic clients read them.
//
//   event: content_block_delta\n          a line ends with LF, CRLF or CR, wherever the bytes are cut
//   data: {"type":…}\n                    several data lines are joined by LF; one space after the colon goes
//   \n                                    an empty line ends the event
//   : a comment                           comments, id, retry, unknown fields and a first BOM are passed over
//
// It differs from the standard in two things, both on the side of seeing more: an event that has a name but
// no data is given out, and Finish gives out an event whose empty line is missing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postern::dialect {

struct SseEvent {
  std::string_view name;  // empty where there is no event line
  std::string_view data;
  bool oversized = false;  // more than the cap: data is empty then, and the name may be cut
};

// Where the input so far ends.
enum class SseCut {
  kBetweenEvents,
  kBetweenLines,  // of an event that isn't complete
  kInLine,
};

// Memory is bounded by the cap: what goes beyond it is dropped and the event reported as oversized.
// Thread-compatible.
class SseParser {
 public:
  static constexpr size_t kDefaultCap = size_t{8} << 20;

  explicit SseParser(size_t cap = kDefaultCap) : cap_(cap) {}

  // Takes bytes from the front of `input` until an event is complete: true, and `event` holds it until the
  // next call; its views point into `input` where the event lay there in one piece, as it mostly does. False:
  // `input` is used up.
  bool Next(std::string_view& input, SseEvent& event);

  // As Next, for the many events of a stream that are alike: takes one from the front of `input` if it lies
  // there to its end and begins with `beginning`, which is an event line and part of a data line; `rest` is
  // what follows on that line. False: nothing was taken.
  bool NextAlike(std::string_view beginning, std::string_view& input, std::string_view& rest) const;

  SseCut cut() const;

  // The input has ended: whether an event was left, without its empty line.
  bool Finish(SseEvent& event);

 private:
  bool IsBetweenEvents() const {
    return line_.empty() && !has_name_ && !has_data_ && !oversized_ && !after_cr_;
  }
  bool NextWhole(std::string_view& input, SseEvent& event);
  bool TakeLine(std::string_view& input);
  bool SkipMark(std::string_view& input);
  bool EndLine(SseEvent& event);
  void Interpret(std::string_view line);
  bool Dispatch(SseEvent& event);
  void Keep(std::string_view part, std::string& buffer, size_t most);

  const size_t cap_;
  // The event so far, where it could not be given out from the input directly.
  std::string line_;
  std::string name_;
  std::string data_;
  bool has_name_ = false;
  bool has_data_ = false;
  bool oversized_ = false;
  bool dispatched_ = false;  // name_ and data_ are the last event's and still in use by the caller
  bool after_cr_ = false;    // a LF that comes next belongs to the line that has ended
  size_t mark_ = 0;          // bytes of the BOM seen at the very start; kMarkDone once that is settled
};

}  // namespace postern::dialect
