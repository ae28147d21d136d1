#include "agent/dialect/sse.h"

#include <algorithm>
#include <cstring>

#include "agent/dialect/prefix.h"

namespace postern::dialect {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kMarkDone = 4;

// More than the cap by which a line may be longer than the value in it: "event: ".
constexpr size_t kFieldName = 7;
constexpr size_t kKeptMemory = size_t{1} << 16;

// Where `c` is first, or the size. (find_first_of would look at one byte at a time.)
size_t Find(std::string_view text, char c) {
  const void* found = text.empty() ? nullptr : std::memchr(text.data(), c, text.size());
  return found == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t LineEnd(std::string_view text) { return Find(text.substr(0, Find(text, '\n')), '\r'); }

// The value of `field` if the line has it: "data: x" and "data:x" give "x".
template <size_t N>
bool TakeField(std::string_view line, const char (&field)[N], std::string_view& value) {
  if (!TakePrefix(line, field)) return false;
  TakePrefix(line, " ");
  value = line;
  return true;
}

void Empty(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptMemory) std::string().swap(buffer);  // one large event doesn't keep its memory
}

}  // namespace

// The shape that every provider sends: an event line, one data line, an empty line, all of it in the input
// and with no CR.
bool SseParser::NextWhole(std::string_view& input, SseEvent& event) {
  const size_t name_end = Find(input, '\n');
  if (name_end == input.size() || !TakeField(input.substr(0, name_end), "event:", event.name)) return false;
  std::string_view rest = input.substr(name_end + 1);
  const size_t data_end = Find(rest, '\n');
  if (data_end == rest.size() || !TakeField(rest.substr(0, data_end), "data:", event.data)) return false;
  rest.remove_prefix(data_end + 1);
  if (!TakePrefix(rest, "\n") || event.data.size() > cap_ || event.name.size() > cap_) return false;
  const std::string_view whole = input.substr(0, input.size() - rest.size());
  if (Find(whole, '\r') != whole.size()) return false;
  event.oversized = false;
  input = rest;
  return true;
}

bool SseParser::NextAlike(std::string_view beginning, std::string_view& input, std::string_view& rest) const {
  if (mark_ != kMarkDone || dispatched_ || !IsBetweenEvents()) return false;
  if (input.size() < beginning.size() || std::memcmp(input.data(), beginning.data(), beginning.size()) != 0)
    return false;
  const std::string_view after = input.substr(beginning.size());
  const size_t end = Find(after, '\n');
  if (after.size() - end < 2 || after[end + 1] != '\n' || beginning.size() + end > cap_) return false;
  rest = after.substr(0, end);
  if (Find(rest, '\r') != end) return false;
  input = after.substr(end + 2);
  return true;
}

bool SseParser::Next(std::string_view& input, SseEvent& event) {
  if (dispatched_) {
    dispatched_ = false;
    Empty(name_);
    Empty(data_);
    Empty(line_);
  }
  if (mark_ < kMarkDone && !SkipMark(input)) return false;
  while (!input.empty()) {
    if (IsBetweenEvents() && NextWhole(input, event)) return true;
    if (TakeLine(input) && EndLine(event)) return true;
  }
  return false;
}

// Settles whether the stream starts with a byte order mark; false while that needs more input.
bool SseParser::SkipMark(std::string_view& input) {
  while (mark_ < kByteOrderMark.size()) {
    if (input.empty()) return false;
    if (input.front() != kByteOrderMark[mark_]) {
      line_.assign(kByteOrderMark.substr(0, mark_));  // it was text
      break;
    }
    input.remove_prefix(1);
    ++mark_;
  }
  mark_ = kMarkDone;
  return true;
}

// Moves the rest of a line into line_; true when its end was reached.
bool SseParser::TakeLine(std::string_view& input) {
  if (after_cr_ && input.starts_with('\n')) input.remove_prefix(1);
  after_cr_ = false;
  const size_t end = LineEnd(input);
  Keep(input.substr(0, end), line_, cap_ + kFieldName);
  const bool ended = end < input.size();
  after_cr_ = ended && input[end] == '\r';
  input.remove_prefix(ended ? end + 1 : end);
  return ended;
}

bool SseParser::EndLine(SseEvent& event) {
  if (line_.empty()) return Dispatch(event);
  Interpret(line_);
  line_.clear();
  return false;
}

void SseParser::Interpret(std::string_view line) {
  std::string_view value;
  if (line == "data" || TakeField(line, "data:", value)) {
    if (has_data_) Keep("\n", data_, cap_);
    Keep(value, data_, cap_);
    has_data_ = true;
  } else if (line == "event" || TakeField(line, "event:", value)) {
    name_ = value;
    has_name_ = !name_.empty();
  }
}

bool SseParser::Dispatch(SseEvent& event) {
  if (!has_name_ && !has_data_ && !oversized_) return false;
  if (oversized_) data_.clear();
  event = {name_, data_, oversized_};
  has_name_ = has_data_ = oversized_ = false;
  dispatched_ = true;
  return true;
}

void SseParser::Keep(std::string_view part, std::string& buffer, size_t most) {
  const size_t room = most - std::min(most, buffer.size());
  oversized_ = oversized_ || part.size() > room;
  buffer.append(part.substr(0, room));
}

SseCut SseParser::cut() const {
  if (dispatched_) return SseCut::kBetweenEvents;  // what is kept is the last event's
  if (!line_.empty() || (mark_ > 0 && mark_ < kByteOrderMark.size())) return SseCut::kInLine;
  return has_name_ || has_data_ || oversized_ ? SseCut::kBetweenLines : SseCut::kBetweenEvents;
}

bool SseParser::Finish(SseEvent& event) {
  if (mark_ > 0 && mark_ < kMarkDone) line_.assign(kByteOrderMark.substr(0, mark_));
  if (!line_.empty()) Interpret(line_);
  line_.clear();
  return Dispatch(event);
}

}  // namespace postern::dialect
