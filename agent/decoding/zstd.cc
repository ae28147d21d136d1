#include <array>

#include <zstd.h>

#include "agent/decoding/encodings.h"
#include "shared/base/check.h"

namespace postern::decoding {
namespace {

constexpr int kWindowLog = 23;

class Zstd : public Encoding {
 public:
  Zstd() : stream_(::ZSTD_createDStream()) {
    CHECK(stream_ != nullptr);
    CHECK(!::ZSTD_isError(::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kWindowLog)));
  }
  ~Zstd() override { ::ZSTD_freeDStream(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Step Decode(std::string_view& input) override {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
    const size_t left = ::ZSTD_decompressStream(stream_, &out, &in);
    input.remove_prefix(in.pos);
    if (::ZSTD_isError(left)) return {{}, false, true};
    return {{piece_.data(), out.pos}, left == 0, false};
  }

  // The first byte of a frame's magic number tells it from anything else.
  bool Resume(std::string_view input) override { return input.starts_with('\x28'); }

 private:
  ZSTD_DStream* const stream_;
  std::array<char, kPiece> piece_;
};

}  // namespace

std::unique_ptr<Encoding> MakeZstd() { return std::make_unique<Zstd>(); }

}  // namespace postern::decoding
