// Bodies as Claude Code sends them: the whole conversation again at each turn, a little longer.
//
// A conversation has 20 turns. Its bodies grow evenly from 3/4 to 5/4 of the nominal size, so their mean is
// the nominal size; each is the one before it plus an assistant's tool call and the tool's result, as a
// provider's prompt cache and an incremental scanner meet them. A body below 2,000 bytes has no room for
// that: it is one user message that grows. The seed decides every byte; different seeds share no text longer
// than a few words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::bench {

enum class Streaming { kNo, kYes };

// The body of the current turn is history() followed by ending(); they are apart so that a turn copies
// nothing. Thread-compatible.
class Conversation {
 public:
  static constexpr int kTurns = 20;

  // Stands at turn 0.
  Conversation(size_t nominal_size, Streaming streaming, uint64_t seed);

  // Goes to the next turn; must not be called at the last one.
  void Advance();

  int turn() const { return turn_; }
  std::string_view history() const { return history_; }
  std::string_view ending() const { return ending_; }
  size_t size() const { return history_.size() + ending_.size(); }

 private:
  bool is_single_message() const { return nominal_size_ < 2000; }
  size_t TargetSize() const;
  void Open();
  void AppendExchangeUpTo(
      size_t size);                    // one tool call and its result, so that the body has exactly this size
  void AppendProse(size_t bytes);      // words and escapes, valid inside a JSON string
  void AppendNumber(uint64_t number);  // 16 hexadecimal digits
  uint64_t Random();

  size_t nominal_size_;
  uint64_t random_;
  int turn_ = 0;
  std::string history_;
  std::string ending_;
};

}  // namespace postern::bench
