#include "agent/dialect/sse.h"

#include <algorithm>
#include <cstring>

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

// The part of `input` before the next LF, if there is one and no CR in it.
bool PlainLine(std::string_view input, std::string_view& line) {
  const size_t end = Find(input, '\n');
  line = input.substr(0, end);
  return end < input.size() && Find(line, '\r') == end;
}

void Empty(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptMemory) std::string().swap(buffer);  // one large event doesn't keep its memory
}

bool TakeValue(std::string_view line, std::string_view field, std::string_view& value) {
  if (!line.starts_with(field)) return false;
  value = line.substr(field.size());
  if (value.starts_with(' ')) value.remove_prefix(1);
  return true;
}

}  // namespace

// The shape that every provider sends: an event line, one data line, an empty line, all of it in the input.
bool SseParser::NextWhole(std::string_view& input, SseEvent& event) {
  std::string_view line;
  std::string_view rest = input;
  if (!PlainLine(rest, line) || !TakeValue(line, "event:", event.name)) return false;
  rest.remove_prefix(line.size() + 1);
  if (!PlainLine(rest, line) || !TakeValue(line, "data:", event.data)) return false;
  rest.remove_prefix(line.size() + 1);
  if (!rest.starts_with('\n') || event.data.size() > cap_ || event.name.size() > cap_) return false;
  rest.remove_prefix(1);
  event.oversized = false;
  input = rest;
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
    const bool between = line_.empty() && !has_name_ && !has_data_ && !oversized_ && !after_cr_;
    if (between && NextWhole(input, event)) return true;
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
  TakeField(line_);
  line_.clear();
  return false;
}

void SseParser::TakeField(std::string_view line) {
  std::string_view value;
  if (line == "data" || TakeValue(line, "data:", value)) {
    if (has_data_) Keep("\n", data_, cap_);
    Keep(value, data_, cap_);
    has_data_ = true;
  } else if (line == "event" || TakeValue(line, "event:", value)) {
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

bool SseParser::Finish(SseEvent& event) {
  if (mark_ > 0 && mark_ < kMarkDone) line_.assign(kByteOrderMark.substr(0, mark_));
  if (!line_.empty()) TakeField(line_);
  line_.clear();
  return Dispatch(event);
}

}  // namespace postern::dialect
