#include "shared/http/message_parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <llhttp.h>

#include "shared/http/plain_head.h"

namespace postern::http {
namespace {

// How a head, and the trailers of a chunked body, end. llhttp takes a bare line feed for the empty line.
constexpr std::string_view kEmptyLine = "\r\n\r\n";

constexpr std::array<int8_t, 256> MakeHexDigits() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<int8_t>(i);
  for (size_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<int8_t>(10 + i);
  return values;
}

constexpr std::array<int8_t, 256> kHexDigits = MakeHexDigits();

// What a chunk at the front of some bytes carries. Empty unless it lies there to its end, and its size line
// is nothing but a few digits: whatever is less usual is left to llhttp.
std::string_view PlainChunk(std::string_view bytes) {
  constexpr size_t kMostDigits = 7;
  size_t size = 0;
  size_t at = 0;
  for (; at < std::min(bytes.size(), kMostDigits); ++at) {
    const int digit = kHexDigits[static_cast<unsigned char>(bytes[at])];
    if (digit < 0) break;
    size = size << 4 | static_cast<size_t>(digit);
  }
  if (size == 0 || bytes.size() - at < size + 4) return {};
  if (bytes[at] != '\r' || bytes[at + 1] != '\n') return {};
  if (bytes[at + 2 + size] != '\r' || bytes[at + 3 + size] != '\n') return {};
  return bytes.substr(at + 2, size);
}

// A part of the bytes by offset, since they may move between calls.
struct Piece {
  size_t begin = 0;
  size_t size = 0;
  std::string_view In(std::string_view bytes) const { return bytes.substr(begin, size); }
};

}  // namespace

struct MessageParser::Impl {
  llhttp_t parser{};
  llhttp_settings_t settings{};
  const Role role;
  std::string failure;

  // While the head is read.
  const char* base = nullptr;
  size_t fed = 0;
  size_t head_size = 0;
  bool head_complete = false;
  bool folded = false;
  Piece target;
  Piece reason;
  bool nameless = false;
  struct NameAndValue {
    Piece name;
    Piece value;
    bool has_value = false;
  };
  std::vector<NameAndValue> headers;

  // While chunks are decoded.
  char* out = nullptr;
  bool between_chunks = false;  // llhttp expects a size line
  bool last_chunk = false;
  bool message_complete = false;
  using LastBytes = std::array<char, kEmptyLine.size()>;
  LastBytes last_bytes{};  // of what was decoded so far

  explicit Impl(Role parsed) : role(parsed) {
    llhttp_settings_init(&settings);
    settings.on_url = [](llhttp_t* p, const char* at, size_t n) { return Of(p).Extend(Of(p).target, at, n); };
    settings.on_status = [](llhttp_t* p, const char* at, size_t n) {
      return Of(p).Extend(Of(p).reason, at, n);
    };
    settings.on_header_field = [](llhttp_t* p, const char* at, size_t n) { return Of(p).OnField(at, n); };
    settings.on_header_value = [](llhttp_t* p, const char* at, size_t n) { return Of(p).OnValue(at, n); };
    settings.on_headers_complete = [](llhttp_t* p) { return Of(p).OnHeadComplete(); };
    settings.on_body = [](llhttp_t* p, const char* at, size_t n) { return Of(p).OnBody(at, n); };
    settings.on_chunk_header = [](llhttp_t* p) { return Of(p).OnChunkHeader(); };
    settings.on_chunk_complete = [](llhttp_t* p) { return Of(p).OnChunkComplete(); };
    settings.on_message_complete = [](llhttp_t* p) { return Of(p).OnMessageComplete(); };
    Reset();
  }

  static Impl& Of(llhttp_t* p) { return *static_cast<Impl*>(p->data); }

  void Reset() {
    llhttp_init(&parser, role == Role::kRequests ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = this;
    failure.clear();
    fed = head_size = 0;
    head_complete = folded = nameless = message_complete = false;
    between_chunks = last_chunk = false;
    last_bytes.fill('\0');
    target = reason = {};
    headers.clear();
  }

  int Extend(Piece& piece, const char* at, size_t count) const {
    const auto begin = static_cast<size_t>(at - base);
    if (piece.size == 0) piece.begin = begin;
    piece.size = begin + count - piece.begin;
    return 0;
  }

  int OnField(const char* at, size_t count) {
    if (head_complete) return 0;  // a trailer: its bytes are dropped
    if (headers.empty() || headers.back().has_value) headers.emplace_back();
    return Extend(headers.back().name, at, count);
  }

  int OnValue(const char* at, size_t count) {
    if (head_complete) return 0;
    if (headers.empty()) {
      nameless = true;
      return 0;
    }
    NameAndValue& header = headers.back();
    const auto begin = static_cast<size_t>(at - base);
    if (header.has_value && header.value.size > 0 && begin != header.value.begin + header.value.size)
      folded = true;
    header.has_value = true;
    return Extend(header.value, at, count);
  }

  int OnHeadComplete() {
    if (!headers.empty()) headers.back().has_value = true;
    head_complete = true;
    parser.upgrade = 0;  // an offered upgrade may be ignored (RFC 9110 §7.8), and is
    return HPE_PAUSED;
  }

  int OnBody(const char* at, size_t count) {
    std::memmove(out, at, count);
    out += count;
    return 0;
  }

  int OnChunkHeader() {
    last_chunk = parser.content_length == 0;
    return 0;
  }

  int OnChunkComplete() {
    if (last_chunk) return 0;
    between_chunks = true;
    return HPE_PAUSED;
  }

  // Nearly all chunks are plain, and a stream has one for each event. llhttp never learns of those that are
  // taken here, at the front of `bytes`: to it they are nothing, since they begin and end where it expects a
  // size line. How many bytes they were.
  size_t TakePlainChunks(std::string_view bytes) {
    size_t at = 0;
    for (;;) {
      const std::string_view payload = PlainChunk(bytes.substr(at));
      if (payload.empty()) return at;
      at = static_cast<size_t>(payload.data() - bytes.data()) + payload.size() + 2;
      OnBody(payload.data(), payload.size());
    }
  }

  int OnMessageComplete() {
    message_complete = true;
    return HPE_PAUSED;
  }

  static void Remember(LastBytes& last, std::string_view bytes) {
    const std::string_view end = bytes.substr(bytes.size() - std::min(bytes.size(), last.size()));
    std::rotate(last.begin(), last.begin() + static_cast<ptrdiff_t>(end.size()), last.end());
    std::copy(end.begin(), end.end(), last.end() - static_cast<ptrdiff_t>(end.size()));
  }

  State Fail(std::string why) {
    failure = std::move(why);
    return State::kFailed;
  }

  State FillHead(std::string_view bytes, Head& head);
  State SetFraming(Head& head);
};

MessageParser::MessageParser(Role role) : impl_(std::make_unique<Impl>(role)) {}
MessageParser::~MessageParser() = default;

void MessageParser::Reset() { impl_->Reset(); }
size_t MessageParser::head_size() const { return impl_->head_size; }
const std::string& MessageParser::failure() const { return impl_->failure; }

MessageParser::State MessageParser::ReadHead(std::string_view bytes, Head& head) {
  Impl& impl = *impl_;
  if (impl.fed == 0) {
    impl.head_size = ReadPlainHead(impl.role, bytes, head);
    if (impl.head_size > 0) return State::kDone;
  }
  impl.base = bytes.data();
  const llhttp_errno_t error = llhttp_execute(&impl.parser, bytes.data() + impl.fed, bytes.size() - impl.fed);
  if (impl.head_complete) {
    impl.head_size = static_cast<size_t>(llhttp_get_error_pos(&impl.parser) - bytes.data());
    llhttp_resume(&impl.parser);
    return impl.FillHead(bytes, head);
  }
  impl.fed = bytes.size();
  if (error == HPE_OK) return State::kMore;
  return impl.Fail(llhttp_get_error_reason(&impl.parser));
}

MessageParser::State MessageParser::Impl::FillHead(std::string_view bytes, Head& head) {
  if (folded) return Fail("a header line is folded");
  if (nameless) return Fail("a header without a name");
  if (!bytes.substr(0, head_size).ends_with(kEmptyLine)) return Fail("a line that ends in a bare line feed");
  head.minor_version = parser.http_minor;
  if (parser.http_major != 1 || parser.http_minor > 1) return Fail("not HTTP/1.1 or HTTP/1.0");
  head.method =
      role == Role::kRequests ? llhttp_method_name(static_cast<llhttp_method_t>(parser.method)) : "";
  head.target = target.In(bytes);
  head.status = parser.status_code;
  head.reason = reason.In(bytes);
  head.keep_alive = llhttp_should_keep_alive(&parser) != 0;
  head.headers.clear();
  for (const NameAndValue& header : headers) {
    std::string_view value = header.value.In(bytes);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    const std::string_view name = header.name.In(bytes);
    if (name.empty()) return Fail("a header without a name");
    if (std::any_of(name.begin(), name.end(), [](char c) { return c == ' ' || c == '\t'; }))
      return Fail("white space in a header's name");
    head.headers.push_back({name, value});
  }
  if (role == Role::kRequests && !head.target.starts_with('/'))
    return Fail("the request target is not a path");
  return SetFraming(head);
}

MessageParser::State MessageParser::Impl::SetFraming(Head& head) {
  const size_t lengths = head.Count("content-length");
  const size_t encodings = head.Count("transfer-encoding");
  if (lengths > 1) return Fail("more than one Content-Length");
  if (encodings > 1) return Fail("more than one Transfer-Encoding");
  if (lengths + encodings > 1) return Fail("Content-Length together with Transfer-Encoding");
  head.content_length = 0;
  if (encodings == 1) {
    if (!EqualsIgnoringCase(*head.Find("transfer-encoding"), "chunked"))
      return Fail("a Transfer-Encoding other than chunked");
    if (head.minor_version == 0) return Fail("a Transfer-Encoding in HTTP/1.0");
    head.framing = Framing::kChunked;
    between_chunks = true;
  } else if (lengths == 1) {
    head.framing = Framing::kLength;
    head.content_length = parser.content_length;
  } else {
    head.framing = role == Role::kRequests ? Framing::kNone : Framing::kUntilClose;
  }
  if (role == Role::kResponses && (head.status / 100 == 1 || head.status == 204 || head.status == 304)) {
    head.framing = Framing::kNone;
  }
  if (head.framing == Framing::kUntilClose) head.keep_alive = false;
  return State::kDone;
}

MessageParser::Chunks MessageParser::DecodeChunks(std::span<char> bytes) {
  Impl& impl = *impl_;
  impl.out = bytes.data();
  Impl::LastBytes all_read = impl.last_bytes;
  Impl::Remember(all_read, {bytes.data(), bytes.size()});  // before payload is moved over them
  llhttp_errno_t error = HPE_OK;
  for (size_t at = 0;;) {
    if (impl.between_chunks) at += impl.TakePlainChunks({bytes.data() + at, bytes.size() - at});
    if (at == bytes.size()) break;
    impl.between_chunks = false;
    error = llhttp_execute(&impl.parser, bytes.data() + at, bytes.size() - at);
    if (!impl.between_chunks) break;
    at = static_cast<size_t>(llhttp_get_error_pos(&impl.parser) - bytes.data());
    llhttp_resume(&impl.parser);
    error = HPE_OK;
  }
  const auto payload = static_cast<size_t>(impl.out - bytes.data());
  if (impl.message_complete) {
    const auto consumed = static_cast<size_t>(llhttp_get_error_pos(&impl.parser) - bytes.data());
    // What follows the last payload is still where it was.
    Impl::Remember(impl.last_bytes, {bytes.data(), consumed});
    if (std::string_view(impl.last_bytes.data(), impl.last_bytes.size()) != kEmptyLine) {
      return {impl.Fail("a line that ends in a bare line feed"), 0, 0};
    }
    return {State::kDone, consumed, payload};
  }
  impl.last_bytes = all_read;
  if (error == HPE_OK) return {State::kMore, bytes.size(), payload};
  return {impl.Fail(llhttp_get_error_reason(&impl.parser)), 0, 0};
}

}  // namespace postern::http
