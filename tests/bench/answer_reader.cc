#include "tests/bench/answer_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace postern::bench {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";

// The value of a header in a lower-cased head, or nothing.
std::string_view Header(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2);
    line = line.substr(0, line.find("\r\n"));
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    line.remove_prefix(name.size() + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  }
  return {};
}

}  // namespace

AnswerReader::State AnswerReader::Read(std::string_view bytes) {
  has_begun_ |= !bytes.empty();
  while (!bytes.empty() && state_ == State::kReading) {
    switch (part_) {
      case Part::kHead: {
        const size_t before = line_.size();
        line_ += bytes;
        const size_t end = line_.find(kHeadEnd, before < 3 ? 0 : before - 3);
        if (end == std::string::npos) return state_;
        bytes.remove_prefix(end + kHeadEnd.size() - before);
        line_.resize(end + kHeadEnd.size());
        ReadHead();
        break;
      }
      case Part::kLengthBody:
      case Part::kChunkBody: {
        const size_t taken = std::min<uint64_t>(left_, bytes.size());
        CountBody(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        left_ -= taken;
        if (left_ > 0) break;
        if (part_ == Part::kLengthBody) state_ = State::kComplete;
        else part_ = Part::kChunkEnd;
        break;
      }
      case Part::kEndlessBody: CountBody(bytes); return state_;
      case Part::kChunkSize:
        bytes.remove_prefix(ReadLine(bytes));
        if (!line_is_whole_) break;
        if (std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16).ec != std::errc())
          state_ = State::kBroken;
        part_ = left_ > 0 ? Part::kChunkBody : Part::kTrailer;
        line_.clear();
        break;
      case Part::kChunkEnd:
        bytes.remove_prefix(ReadLine(bytes));
        if (line_is_whole_) part_ = Part::kChunkSize, line_.clear();
        break;
      case Part::kTrailer:
        bytes.remove_prefix(ReadLine(bytes));
        if (line_is_whole_ && line_ == "\r\n") state_ = State::kComplete;
        if (line_is_whole_) line_.clear();
        break;
    }
  }
  if (!bytes.empty()) state_ = State::kBroken;
  return state_;
}

AnswerReader::State AnswerReader::ReadEnd() {
  if (state_ == State::kReading) state_ = part_ == Part::kEndlessBody ? State::kComplete : State::kBroken;
  keeps_alive_ = false;
  return state_;
}

void AnswerReader::ReadHead() {
  std::transform(line_.begin(), line_.end(), line_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (line_.size() < 12 || !line_.starts_with("http/1.1 ")) {
    state_ = State::kBroken;
    return;
  }
  std::from_chars(line_.data() + 9, line_.data() + 12, status_);
  keeps_alive_ = Header(line_, "connection") != "close";
  if (status_ < 200) {  // an interim answer: the real one follows
    part_ = Part::kHead;
  } else if (Header(line_, "transfer-encoding") == "chunked") {
    part_ = Part::kChunkSize;
  } else if (const std::string_view length = Header(line_, "content-length"); !length.empty()) {
    std::from_chars(length.data(), length.data() + length.size(), left_);
    part_ = Part::kLengthBody;
    if (left_ == 0) state_ = State::kComplete;
  } else {
    part_ = Part::kEndlessBody;
  }
  line_.clear();
}

size_t AnswerReader::ReadLine(std::string_view bytes) {
  const size_t newline = bytes.find('\n');
  line_is_whole_ = newline != std::string_view::npos;
  const size_t taken = line_is_whole_ ? newline + 1 : bytes.size();
  line_ += bytes.substr(0, taken);
  return taken;
}

void AnswerReader::CountBody(std::string_view bytes) {
  body_bytes_ += bytes.size();
  for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if ((at == 0 ? last_body_byte_ : bytes[at - 1]) == '\n') ++events_;
  }
  if (!bytes.empty()) last_body_byte_ = bytes.back();
}

}  // namespace postern::bench
