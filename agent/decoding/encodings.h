// The encodings, each in a file of its own with the library that it wraps. Only Decoder uses them.
#pragma once

#include <memory>
#include <string_view>

#include "agent/decoding/decoder.h"

namespace postern::decoding {

// What one call gave: at most kPiece bytes, valid until the next call.
struct Step {
  std::string_view piece;
  bool ended = false;
  bool corrupt = false;  // what follows the piece
};

// One encoding's state. Thread-compatible.
class Encoding {
 public:
  virtual ~Encoding() = default;

  // Decodes from the front of `input` and takes away what it has used; `input` may be empty, since output may
  // be left. After the end it is called only if Resume has said so.
  virtual Step Decode(std::string_view& input) = 0;

  // Whether `input`, which is not empty and follows the end, goes on with more of the same.
  virtual bool Resume(std::string_view /*input*/) { return false; }
};

std::unique_ptr<Encoding> MakeGzip();     // RFC 1952; several members in a row are one body
std::unique_ptr<Encoding> MakeDeflate();  // RFC 1950, or RFC 1951 as some servers send it
std::unique_ptr<Encoding> MakeBrotli();   // RFC 7932
std::unique_ptr<Encoding> MakeZstd();     // RFC 8878, with RFC 9659's windows; several frames are one body

}  // namespace postern::decoding
