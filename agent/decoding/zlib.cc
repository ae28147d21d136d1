#include <algorithm>
#include <array>
#include <limits>

#include <zlib.h>

#include "agent/decoding/encodings.h"
#include "shared/base/check.h"

namespace postern::decoding {
namespace {

// zlib's numbers for "windowBits": a gzip header, a zlib header, none.
enum class Wrapping : int { kGzip = 15 + 16, kZlib = 15, kRaw = -15 };

// The first byte of RFC 1950 has the compression method, 8, in its low half and the window's size, at most 7,
// in the other.
bool StartsLikeZlib(unsigned char first) { return (first & 0x0F) == 8 && first >> 4 <= 7; }

class Zlib : public Encoding {
 public:
  explicit Zlib(Wrapping wrapping) : wrapping_(wrapping) {
    CHECK(::inflateInit2(&stream_, static_cast<int>(wrapping)) == Z_OK);
  }
  ~Zlib() override { ::inflateEnd(&stream_); }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;

  Step Decode(std::string_view& input) override {
    if (!input.empty()) Prepare(input.front());
    const size_t offered = std::min<size_t>(input.size(), std::numeric_limits<uInt>::max());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // zlib doesn't write to it
    stream_.avail_in = static_cast<uInt>(offered);
    stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_out = static_cast<uInt>(piece_.size());
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(offered - stream_.avail_in);
    const bool ended = code == Z_STREAM_END;
    const bool waits = code == Z_OK || code == Z_BUF_ERROR;  // the latter: no progress without more input
    return {{piece_.data(), piece_.size() - stream_.avail_out}, ended, !ended && !waits};
  }

  bool Resume(std::string_view input) override {
    return wrapping_ == Wrapping::kGzip && input.starts_with('\x1F') && ::inflateReset(&stream_) == Z_OK;
  }

 private:
  // Servers disagree about what "deflate" is; the first byte tells.
  void Prepare(char first) {
    if (wrapping_ == Wrapping::kZlib && !started_ && !StartsLikeZlib(static_cast<unsigned char>(first))) {
      CHECK(::inflateReset2(&stream_, static_cast<int>(Wrapping::kRaw)) == Z_OK);
    }
    started_ = true;
  }

  const Wrapping wrapping_;
  bool started_ = false;
  z_stream stream_{};
  std::array<char, kPiece> piece_;
};

}  // namespace

std::unique_ptr<Encoding> MakeGzip() { return std::make_unique<Zlib>(Wrapping::kGzip); }
std::unique_ptr<Encoding> MakeDeflate() { return std::make_unique<Zlib>(Wrapping::kZlib); }

}  // namespace postern::decoding
