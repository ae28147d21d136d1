#include "agent/decoding/decoder.h"

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace postern::decoding {
namespace {

std::string Zlib(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string Gzip(const std::string& text) { return Zlib(text, 15 + 16); }

std::string Brotli(const std::string& text) {
  size_t size = ::BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  EXPECT_TRUE(::BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                                      reinterpret_cast<const uint8_t*>(text.data()), &size,
                                      reinterpret_cast<uint8_t*>(out.data())));
  out.resize(size);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Outcome {
  std::string text;
  bool ended = false;
  std::optional<ErrorCode> error;
};

Outcome Decode(std::string_view encoding, std::string_view bytes, size_t cut = SIZE_MAX,
               uint64_t most = kMostOutput) {
  auto decoder = Decoder::Make(encoding, most);
  if (!decoder) return {"", false, decoder.error().code};
  Outcome outcome;
  const auto take = [&outcome](std::string_view piece) {
    EXPECT_LE(piece.size(), kPiece);
    outcome.text += piece;
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(cut, bytes.size()))) {
    if (const Status status = decoder->Decode(bytes.substr(0, cut), take); !status) {
      outcome.error = status.error().code;
      return outcome;
    }
  }
  outcome.ended = decoder->ended();
  return outcome;
}

std::string SomeText() {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < 400'000)
    text += "event: content_block_delta\ndata: {\"n\":" + std::to_string(random()) + "}\n\n";
  return text;
}

struct Case {
  const char* name;
  std::function<std::string(const std::string&)> encode;
};

const std::vector<Case> kEncodings = {{"gzip", Gzip},
                                      {"X-GZIP", Gzip},
                                      {" deflate ", [](const std::string& text) { return Zlib(text, 15); }},
                                      {"deflate", [](const std::string& text) { return Zlib(text, -15); }},
                                      {"br", Brotli},
                                      {"zstd", Zstd}};

TEST(Decoder, GivesBackWhatWasEncodedHoweverItIsCut) {
  const std::string text = SomeText();
  for (const auto& [name, encode] : kEncodings) {
    const std::string bytes = encode(text);
    for (const size_t cut : {size_t{1}, size_t{1000}, SIZE_MAX}) {
      const Outcome outcome = Decode(name, bytes, cut);
      EXPECT_FALSE(outcome.error) << name;
      EXPECT_TRUE(outcome.ended) << name;
      EXPECT_TRUE(outcome.text == text) << name;
    }
  }
}

TEST(Decoder, NothingOrIdentityChangesNothing) {
  EXPECT_EQ(Decode("", "abc").text, "abc");
  EXPECT_EQ(Decode("Identity", "abc", 1).text, "abc");
  const std::string text = SomeText();
  EXPECT_TRUE(Decode("identity", text).text == text);
}

TEST(Decoder, WhatItDoesNotKnowItSays) {
  EXPECT_EQ(Decode("compress", "x").error, ErrorCode::kNotFound);
  EXPECT_EQ(Decode("gzip, br", "x").error, ErrorCode::kNotFound);
}

TEST(Decoder, ABodyThatWasCutHasNotEnded) {
  for (const auto& [name, encode] : kEncodings) {
    std::string bytes = encode(SomeText());
    bytes.resize(bytes.size() / 2);
    const Outcome outcome = Decode(name, bytes);
    EXPECT_FALSE(outcome.error) << name;
    EXPECT_FALSE(outcome.ended) << name;
    EXPECT_GT(outcome.text.size(), 1000U) << name << ": what came is there to be read";
  }
}

TEST(Decoder, AMislabelledBodyIsCorrupt) {
  for (const char* name : {"gzip", "br", "zstd"}) {
    EXPECT_EQ(Decode(name, R"({"type":"message","usage":{"input_tokens":1}})").error, ErrorCode::kCorrupt)
        << name;
  }
}

TEST(Decoder, ABombIsStoppedAtTheBound) {
  const std::string zeroes(50 << 20, '\0');
  for (const auto& [name, encode] : kEncodings) {
    const Outcome outcome = Decode(name, encode(zeroes), SIZE_MAX, 1 << 20);
    EXPECT_EQ(outcome.error, ErrorCode::kExhausted) << name;
    EXPECT_LE(outcome.text.size(), 1U << 20) << name;
  }
}

TEST(Decoder, AnErrorStays) {
  auto decoder = Decoder::Make("gzip");
  const auto ignore = [](std::string_view) {};
  EXPECT_FALSE(decoder->Decode("nonsense", ignore));
  EXPECT_EQ(decoder->Decode(Gzip("x"), ignore).error().code, ErrorCode::kCorrupt);
}

TEST(Decoder, MembersInARowAreOneBody) {
  for (const size_t cut : {size_t{1}, size_t{7}, SIZE_MAX}) {
    EXPECT_EQ(Decode("gzip", Gzip("one ") + Gzip("") + Gzip("two"), cut).text, "one two");
    EXPECT_EQ(Decode("zstd", Zstd("one ") + Zstd("two"), cut).text, "one two");
  }
}

TEST(Decoder, WhatFollowsTheEndIsPassedOver) {
  for (const auto& [name, encode] : kEncodings) {
    for (const size_t cut : {size_t{1}, SIZE_MAX}) {
      const Outcome outcome = Decode(name, encode("text") + "garbage", cut);
      EXPECT_EQ(outcome.text, "text") << name;
      EXPECT_TRUE(outcome.ended) << name;
      EXPECT_FALSE(outcome.error) << name;
    }
  }
}

TEST(Decoder, RandomBytesNeverDoHarm) {
  std::mt19937 random(9);
  const std::string text = SomeText();
  for (int round = 0; round < 3000; ++round) {
    const Case& encoding = kEncodings[random() % kEncodings.size()];
    std::string bytes = encoding.encode(text.substr(0, random() % 2000));
    for (unsigned changes = random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const Outcome outcome = Decode(encoding.name, bytes, 1 + random() % 500, 1 << 16);
    EXPECT_LE(outcome.text.size(), 1U << 16);
  }
}

}  // namespace
}  // namespace postern::decoding
