#include <array>

#include <brotli/decode.h>

#include "agent/decoding/encodings.h"
#include "shared/base/check.h"

namespace postern::decoding {
namespace {

class Brotli : public Encoding {
 public:
  Brotli() : state_(::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) { CHECK(state_ != nullptr); }
  ~Brotli() override { ::BrotliDecoderDestroyInstance(state_); }
  Brotli(const Brotli&) = delete;
  Brotli& operator=(const Brotli&) = delete;

  Step Decode(std::string_view& input) override {
    size_t left = input.size();
    const auto* next = reinterpret_cast<const uint8_t*>(input.data());
    size_t room = piece_.size();
    auto* out = reinterpret_cast<uint8_t*>(piece_.data());
    const auto result = ::BrotliDecoderDecompressStream(state_, &left, &next, &room, &out, nullptr);
    input.remove_prefix(input.size() - left);
    return {{piece_.data(), piece_.size() - room},
            result == BROTLI_DECODER_RESULT_SUCCESS,
            result == BROTLI_DECODER_RESULT_ERROR};
  }

 private:
  BrotliDecoderState* const state_;
  std::array<char, kPiece> piece_;
};

}  // namespace

std::unique_ptr<Encoding> MakeBrotli() { return std::make_unique<Brotli>(); }

}  // namespace postern::decoding
