#include "tests/support/provider/coding.h"

#include <array>

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace postern::provider {
namespace {

std::string Gunzip(const std::string& coded) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
  stream.avail_in = static_cast<uInt>(coded.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::inflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

std::string Unbrotli(const std::string& coded) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  std::string out(1 << 20, '\0');
  size_t in = coded.size();
  const auto* next_in = reinterpret_cast<const uint8_t*>(coded.data());
  size_t room = out.size();
  auto* next_out = reinterpret_cast<uint8_t*>(out.data());
  size_t total = 0;
  BrotliDecoderDecompressStream(state.get(), &in, &next_in, &room, &next_out, &total);
  out.resize(total);
  return out;
}

class CoderTest : public testing::TestWithParam<Coding> {
 protected:
  static std::string Decode(const std::string& coded) {
    return GetParam() == Coding::kGzip ? Gunzip(coded) : Unbrotli(coded);
  }
};

TEST_P(CoderTest, EveryPartCanBeReadAtOnce) {
  Coder coder(GetParam());
  std::string coded;
  std::string plain;
  for (const std::string& part :
       {std::string("event: a\n\n"), std::string(100'000, 'x'), std::string("the end")}) {
    plain += part;
    coded += coder.Code(part, part == "the end" ? Flush::kEnd : Flush::kPart);
    EXPECT_EQ(Decode(coded), plain);
  }
}

INSTANTIATE_TEST_SUITE_P(Codings, CoderTest, testing::Values(Coding::kGzip, Coding::kBrotli));

}  // namespace
}  // namespace postern::provider
