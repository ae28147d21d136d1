// What `postern scan` reads of a file: its text, a piece at a time, so that a file of any length takes no
// more memory than one piece. Of programs, archives, pictures and the like, which their first bytes tell,
// rules see only the name; everything else is text to them, whatever zero bytes are in it. UTF-16 is read as
// UTF-8 if a mark at its beginning says that it is.
//
//   file      aaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbb…
//   pieces    [---------------]
//                       [---------------]        each has the last bytes of the one before, too, so that a
//   whose     |------------|-------------|       match over the border of two is whole in one of them
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::cli {

// How many characters this is of, a column each; its bytes may be anything.
size_t CharactersIn(std::string_view text);

struct Piece {
  std::string_view text{};
  // The matches that begin in these bytes of it are this piece's own.
  size_t begin = 0;
  size_t end = std::numeric_limits<size_t>::max();
  // What stands before it: lines, and of the line that it begins in so much.
  size_t lines = 0;
  size_t bytes = 0, characters = 0;
};

struct PieceSizes {
  size_t piece = 64 << 20;
  size_t shared = 1 << 20;  // what a piece has of the one before; less than half of one
};

// Thread-compatible.
class TextPieces {
 public:
  // Those of `in` for "-". kNotFound where the file can't be read.
  static Result<TextPieces> Open(const std::string& file, std::istream& in, PieceSizes sizes = {});

  // The next piece, whose text is there until the next call; at least one, then none. kNotFound where what
  // follows can't be read.
  Result<std::optional<Piece>> Next();

  size_t bytes_read() const { return bytes_read_; }

 private:
  enum class Coding : uint8_t { kUnknown, kText, kUtf16Little, kUtf16Big, kNoText };

  TextPieces(std::string name, std::ifstream file, std::istream* in, PieceSizes sizes);
  Status ReadMore();
  void TakeUp(std::string_view bytes);
  void DropFront(size_t count);

  std::string name_;
  std::ifstream file_;
  std::istream* in_;  // nullptr: file_
  PieceSizes sizes_;
  Coding coding_ = Coding::kUnknown;
  std::string rest_;  // of UTF-16: what isn't a whole character yet
  std::string text_;
  Piece piece_;
  size_t bytes_read_ = 0;
  bool began_ = false, ended_ = false;
};

}  // namespace postern::cli
