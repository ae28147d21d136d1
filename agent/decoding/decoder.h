// Content-Encoding taken off a copy of an answer, so that compression doesn't blind those who read along.
//
// The bytes that are relayed never pass through here. Output comes in pieces of at most kPiece bytes and its
// sum is bounded, so a small body that unpacks without end costs neither memory nor, beyond the bound, time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "shared/base/result.h"

namespace postern::decoding {

class Encoding;  // encodings.h

inline constexpr size_t kPiece = size_t{32} << 10;
inline constexpr uint64_t kMostOutput = uint64_t{256} << 20;

// Decodes one body. Thread-compatible.
class Decoder {
 public:
  // For the value of a Content-Encoding header: gzip (and x-gzip), deflate, br, zstd, identity or nothing, in
  // any letter case. kNotFound for any other, lists of several among them: whoever asked then can't read
  // along. `most_output` is how many bytes are given out at most.
  static Result<Decoder> Make(std::string_view content_encoding, uint64_t most_output = kMostOutput);

  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  // The next bytes of the body, cut anywhere; `take` gets what they decode to, piece by piece, each valid
  // within its call. What follows the end of the compressed data is passed over. kCorrupt: it isn't what the
  // header said; what comes before that is given out, wherever the body is cut. kExhausted: the bound is
  // reached. After an error every call gives it again.
  Status Decode(std::string_view bytes, const std::function<void(std::string_view)>& take);

  // The compressed data came to its end; false means that the body was cut. (Identity has no end to tell.)
  bool ended() const { return ended_; }

 private:
  Decoder(std::unique_ptr<Encoding> encoding, uint64_t most_output);

  std::unique_ptr<Encoding> encoding_;
  uint64_t room_;
  bool ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace postern::decoding
