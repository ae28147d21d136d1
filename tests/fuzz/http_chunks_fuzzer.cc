// The chunk decoder beside a slow one that is plain to see: what ours accepts, the plain one reads to the
// same payload; and however the bytes are cut, the outcome is the same.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/base/check.h"
#include "shared/http/message_parser.h"

namespace {

using postern::http::Head;
using postern::http::MessageParser;
using State = MessageParser::State;

struct Decoded {
  State state = State::kMore;
  std::string payload;
  size_t consumed = 0;
};

Decoded Decode(std::string_view body, size_t step) {
  MessageParser parser(MessageParser::Role::kResponses);
  Head head;
  CHECK(parser.ReadHead("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head) == State::kDone);
  Decoded decoded;
  while (!body.empty() && decoded.state == State::kMore) {
    std::string part(body.substr(0, step));
    body.remove_prefix(part.size());
    const auto chunks = parser.DecodeChunks(std::span(part.data(), part.size()));
    CHECK(chunks.payload <= part.size() && chunks.consumed <= part.size());
    decoded.state = chunks.state;
    decoded.payload.append(part, 0, chunks.payload);
    decoded.consumed += chunks.consumed;
  }
  return decoded;
}

// RFC 9112 §7.1, word by word: sizes, extensions to the end of the line, data, a last chunk, trailers to an
// empty line.
std::optional<std::string> DecodePlainly(std::string_view body) {
  std::string payload;
  for (;;) {
    const size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    uint64_t size = 0;
    size_t digits = 0;
    for (; digits < line; ++digits) {
      const char c = body[digits];
      const int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (value < 0) break;
      if (size >> 60 != 0) return std::nullopt;
      size = size * 16 + static_cast<uint64_t>(value);
    }
    if (digits == 0) return std::nullopt;
    body.remove_prefix(line + 2);
    if (size == 0) break;
    if (body.size() < size || body.size() - size < 2 || body.substr(size, 2) != "\r\n") return std::nullopt;
    payload.append(body.substr(0, size));
    body.remove_prefix(size + 2);
  }
  for (;;) {
    const size_t line = body.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    body.remove_prefix(line + 2);
    if (line == 0) return payload;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = Decode(body, body.size() + 1);
  const Decoded cut = Decode(body, 1 + data[0] % 32);
  CHECK(whole.state == cut.state);
  if (whole.state == State::kFailed) return 0;
  CHECK(whole.payload == cut.payload);
  CHECK(whole.consumed == cut.consumed);
  if (whole.state == State::kDone) CHECK(DecodePlainly(body.substr(0, whole.consumed)) == whole.payload);
  return 0;
}
