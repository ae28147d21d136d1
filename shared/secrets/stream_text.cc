#include "shared/secrets/stream_text.h"

#include <algorithm>
#include <limits>

#include "shared/secrets/json_escape.h"

namespace postern::secrets {
namespace {

constexpr uint32_t kGone = std::numeric_limits<uint32_t>::max();

}  // namespace

void StreamText::Take(size_t at, char c) {
  if (run_.Take(c)) return;
  if (run_.LooksLikeToken()) ended_ = std::min(ended_.value_or(run_begin_), run_begin_);
  run_.Clear();
  run_begin_ = at + 1;
  loose_ = false;
}

void StreamText::Read(std::string_view piece, size_t raw) {
  if (form_ == StreamForm::kJson) {
    ReadJson(piece, raw);
    return;
  }
  size_t at = end();
  text_ += piece;
  for (const char c : piece) Take(at++, c);
}

void StreamText::ReadCharacter(char c, uint32_t raw) {
  raw_of_.push_back(raw);
  Take(end(), c);
  text_ += c;
}

void StreamText::Quote() {
  if (in_string_) {
    strings_.back().end = end();
  } else {
    strings_.push_back({end() + 1, end() + 1});
  }
  in_string_ = !in_string_;
}

void StreamText::ReadJson(std::string_view piece, size_t raw) {
  for (size_t i = 0; i < piece.size(); ++i) {
    if (escape_.empty() && piece[i] != '\\') {
      if (piece[i] == '"') Quote();
      ReadCharacter(piece[i], static_cast<uint32_t>(raw + i));
      continue;
    }
    escape_ += piece[i];
    // A pair's first half waits for the other.
    char character[4];
    const JsonEscape escape = ReadJsonEscape(escape_, character);
    const bool is_broken =
        escape_.size() > 1 && escape.length == 0 && (escape_[1] != 'u' || escape_.size() >= 6);
    if (escape.length == 0 && !is_broken) continue;
    const bool begun_before = raw + i + 1 < escape_.size();
    const uint32_t from = begun_before ? kGone : static_cast<uint32_t>(raw + i + 1 - escape_.size());
    const std::string_view read = is_broken ? escape_ : std::string_view(character, escape.bytes);
    for (const char c : read) ReadCharacter(c, from);
    escape_.clear();
  }
}

void StreamText::End() {
  if (run_.LooksLikeToken()) ended_ = std::min(ended_.value_or(run_begin_), run_begin_);
  loose_ = true;
}

size_t StreamText::HoldFrom() {
  if (loose_ || !run_.LooksLikeToken()) return end();
  const size_t from = std::max(run_begin_, gone_);
  if (end() - from <= most_held_) return from;
  End();
  return end();
}

std::optional<size_t> StreamText::TakeEnded() {
  const std::optional<size_t> ended = ended_;
  ended_.reset();
  return ended;
}

std::optional<Span> StreamText::RawOf(const Span& span, size_t raw_size) const {
  if (form_ == StreamForm::kText) {
    const size_t behind = end() - span.end;
    return Span{raw_size - behind - span.size(), raw_size - behind};
  }
  const uint32_t begin = raw_of_[span.begin - gone_];
  if (begin == kGone) return std::nullopt;
  const size_t at = span.end - gone_;
  return Span{begin, at < raw_of_.size() ? raw_of_[at] : raw_size - escape_.size()};
}

void StreamText::GoOn(size_t upto, size_t raw) {
  if (form_ == StreamForm::kJson) {
    raw_of_.erase(raw_of_.begin(), raw_of_.begin() + static_cast<std::ptrdiff_t>(upto - gone_));
    for (uint32_t& at : raw_of_) at -= static_cast<uint32_t>(raw);
  }
  gone_ = upto;
}

void StreamText::Forget(size_t before) {
  text_.erase(0, before - base_);
  base_ = before;
  while (strings_.size() > 1 && strings_.front().end <= before) strings_.pop_front();
}

std::optional<Span> StreamText::ValueFrom(size_t at) const {
  const auto end_of = [&](const Span& string) {
    return in_string_ && &string == &strings_.back() ? end() : string.end;
  };
  const auto first = std::partition_point(strings_.begin(), strings_.end(),
                                          [&](const Span& string) { return end_of(string) <= at; });
  if (first == strings_.end()) return std::nullopt;
  return Span{first->begin, end_of(*first)};
}

}  // namespace postern::secrets
