#include "tests/support/provider/coding.h"

#include <array>

#include <brotli/encode.h>
#include <zlib.h>

#include "shared/base/check.h"

namespace postern::provider {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header
constexpr int kGzipMemory = 8;

}  // namespace

struct Coder::State {
  z_stream gzip{};
  std::unique_ptr<BrotliEncoderState, decltype(&BrotliEncoderDestroyInstance)> brotli{
      nullptr, &BrotliEncoderDestroyInstance};
};

Coder::Coder(Coding coding) : coding_(coding), state_(std::make_unique<State>()) {
  if (coding == Coding::kGzip) {
    CHECK(::deflateInit2(&state_->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kGzipMemory,
                         Z_DEFAULT_STRATEGY) == Z_OK);
  }
  if (coding == Coding::kBrotli) {
    state_->brotli.reset(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
    CHECK(BrotliEncoderSetParameter(state_->brotli.get(), BROTLI_PARAM_QUALITY, 5));
  }
}

Coder::~Coder() {
  if (coding_ == Coding::kGzip) ::deflateEnd(&state_->gzip);
}

std::string Coder::Code(std::string_view bytes, Flush flush) {
  if (coding_ == Coding::kIdentity) return std::string(bytes);
  std::string coded;
  std::array<unsigned char, 16 * 1024> part;  // NOLINT: filled below
  if (coding_ == Coding::kGzip) {
    z_stream& gzip = state_->gzip;
    gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    gzip.avail_in = static_cast<uInt>(bytes.size());
    do {
      gzip.next_out = part.data();
      gzip.avail_out = part.size();
      ::deflate(&gzip, flush == Flush::kEnd ? Z_FINISH : Z_SYNC_FLUSH);
      coded.append(reinterpret_cast<const char*>(part.data()), part.size() - gzip.avail_out);
    } while (gzip.avail_out == 0);
    return coded;
  }
  const auto* next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t in = bytes.size();
  const auto operation = flush == Flush::kEnd ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH;
  do {
    uint8_t* next_out = part.data();
    size_t out = part.size();
    CHECK(BrotliEncoderCompressStream(state_->brotli.get(), operation, &in, &next_in, &out, &next_out,
                                      nullptr));
    coded.append(reinterpret_cast<const char*>(part.data()), part.size() - out);
  } while (in > 0 || BrotliEncoderHasMoreOutput(state_->brotli.get()));
  return coded;
}

std::string_view NameOf(Coding coding) {
  switch (coding) {
    case Coding::kIdentity: return "";
    case Coding::kGzip: return "gzip";
    case Coding::kBrotli: return "br";
  }
  return "";
}

}  // namespace postern::provider
