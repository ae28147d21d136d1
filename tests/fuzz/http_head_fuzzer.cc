// The head parser: however the bytes are cut, the same head or the same refusal; and what is accepted has one
// meaning.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/check.h"
#include "shared/http/message_parser.h"

namespace {

using postern::http::Framing;
using postern::http::Head;
using postern::http::MessageParser;
using State = MessageParser::State;

void CheckHead(const Head& head, MessageParser::Role role, std::string_view bytes) {
  CHECK(head.Count("content-length") <= 1);
  CHECK(head.Count("transfer-encoding") <= 1);
  CHECK(head.Count("content-length") + head.Count("transfer-encoding") <= 1);
  if (role == MessageParser::Role::kRequests) {
    CHECK(head.target.starts_with('/'));
    CHECK(head.framing != Framing::kUntilClose);
  }
  for (const auto& header : head.headers) {
    CHECK(!header.name.empty());
    for (const char c : header.name) CHECK(c > ' ' && c != ':' && c != 0x7f);
    CHECK(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    CHECK(header.name.data() >= bytes.data() &&
          header.name.data() + header.name.size() <= bytes.data() + bytes.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto role = data[0] % 2 == 0 ? MessageParser::Role::kRequests : MessageParser::Role::kResponses;
  const size_t step = 1 + data[1] % 64;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  MessageParser whole(role);
  Head head;
  const State state = whole.ReadHead(bytes, head);
  if (state == State::kDone) {
    CHECK(whole.head_size() <= bytes.size());
    CheckHead(head, role, bytes);
  }

  MessageParser parts(role);
  Head again;
  State cut = State::kMore;
  size_t given = 0;
  std::string moved;
  while (cut == State::kMore && given < bytes.size()) {
    given = given + step < bytes.size() ? given + step : bytes.size();
    moved = bytes.substr(0, given);  // elsewhere in memory each time
    cut = parts.ReadHead(moved, again);
  }
  CHECK(cut == state || bytes.empty());
  if (state == State::kDone) {
    CHECK(parts.head_size() == whole.head_size());
    CHECK(head.headers.size() == again.headers.size());
    for (size_t i = 0; i < head.headers.size(); ++i) {
      CHECK(head.headers[i].name == again.headers[i].name);
      CHECK(head.headers[i].value == again.headers[i].value);
    }
    CHECK(head.target == again.target && head.status == again.status && head.framing == again.framing);
    CHECK(head.content_length == again.content_length && head.keep_alive == again.keep_alive);
  }
  return 0;
}
