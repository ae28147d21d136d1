// What of a text that comes in pieces was read: of JSON the escapes are undone. It knows the token-like run
// at its end, the strings it is in, and where in the raw bytes that haven't gone on its own begin. Offsets
// are those of what was read, from its beginning. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/secrets/expression.h"
#include "shared/secrets/token_run.h"

namespace postern::secrets {

enum class StreamForm {
  kText,
  kJson,  // the text of a JSON value: strings in it are read unescaped, and what replaces needs no escape
};

// Thread-compatible.
class StreamText {
 public:
  StreamText(StreamForm form, size_t most_held) : form_(form), most_held_(most_held) {}

  // The piece stands at `raw` in the raw bytes that haven't gone on.
  void Read(std::string_view piece, size_t raw);
  void End();  // the run at the end counts as one that has ended, and isn't held any more

  size_t begin() const { return base_; }
  size_t end() const { return base_ + text_.size(); }
  size_t gone() const { return gone_; }
  std::string_view From(size_t at) const { return std::string_view(text_).substr(at - base_); }

  // From where on it is held: the run at the end, if it looks like a token and isn't too long.
  size_t HoldFrom();
  // Where the first token-like run began that ended since it was asked; nothing: none did.
  std::optional<size_t> TakeEnded();

  // The raw bytes of these; nothing where they begin with an escape of which a part has gone on.
  std::optional<Span> RawOf(const Span& span, size_t raw_size) const;
  // All before has gone on, `raw` bytes of what hadn't.
  void GoOn(size_t upto, size_t raw);
  void Forget(size_t before);

  // The contents of the first string that ends behind this byte, if it is JSON.
  std::optional<Span> ValueFrom(size_t at) const;

 private:
  void ReadJson(std::string_view piece, size_t raw);
  void ReadCharacter(char c, uint32_t raw);
  void Quote();
  void Take(size_t at, char c);

  const StreamForm form_;
  const size_t most_held_;
  std::string text_;  // from base_ on
  size_t base_ = 0;
  size_t gone_ = 0;     // bytes that have gone on
  std::string escape_;  // that isn't complete
  TokenRun run_;        // at the end
  size_t run_begin_ = 0;
  std::optional<size_t> ended_;
  bool loose_ = false;            // the run at the end isn't held any more
  std::vector<uint32_t> raw_of_;  // of JSON: where in the raw bytes that haven't gone on each byte begins
  std::deque<Span> strings_;      // of JSON: their contents, those of an open one up to its beginning
  bool in_string_ = false;
};

}  // namespace postern::secrets
