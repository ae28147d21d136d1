#include <algorithm>
#include <array>
#include <charconv>

#include "shared/http/server.h"

namespace postern::http {
namespace {

constexpr size_t kReadAtOnce = 16 * 1024;
// Chunk lines and trailers that carry nothing: more than this in a row is an attack on our patience.
constexpr size_t kMostOverhead = 64 * 1024;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string_view StandardReason(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 529: return "Overloaded";
    default: return "";
  }
}

BodyState BodyStateOf(Io io) { return io == Io::kDeadline ? BodyState::kTimedOut : BodyState::kGone; }

}  // namespace

Task<BodyState> Exchange::ReadBody() {
  CHECK(!body_read_);
  body_read_ = true;
  if (head_.framing == Framing::kNone) {
    strand_.Watch(&stream_.socket());
    co_return BodyState::kWhole;
  }
  if (head_.framing == Framing::kLength && head_.content_length > server_.limits().body_bytes) {
    body_read_ = false;
    co_return BodyState::kTooLarge;
  }
  if (pending_.empty() && head_.minor_version == 1 && head_.Find("expect")) {
    std::string_view proceed = "HTTP/1.1 100 Continue\r\n\r\n";
    const Io io = co_await stream_.WriteAll(strand_, std::span(&proceed, 1), server_.limits().write_stall);
    if (io != Io::kOk) co_return BodyStateOf(io);
  }
  strand_.SetDeadlineIn(server_.limits().body_idle);
  BodyState state{};
  if (head_.framing == Framing::kLength) {
    state = co_await ReadSizedBody();
  } else {
    state = co_await ReadChunkedBody();
  }
  strand_.ClearDeadline();
  if (state == BodyState::kWhole) {
    strand_.Watch(&stream_.socket());
  } else {
    keep_alive_ = false;
  }
  if (state == BodyState::kTooLarge || state == BodyState::kMalformed) body_read_ = false;
  co_return state;
}

Task<BodyState> Exchange::ReadSizedBody() {
  const size_t length = head_.content_length;
  body_ = server_.buffers().Lease(length + 1);
  const size_t early = std::min(length, pending_.size());
  body_.Append(std::string_view(pending_).substr(0, early));
  pending_.erase(0, early);
  while (body_.size() < length) {
    // A byte more than is due: a read that comes short has drained the socket, and nobody has to ask again.
    const size_t due = length - body_.size();
    const std::span<char> fresh = body_.spare().first(due + 1);
    const IoCount read = co_await stream_.Read(strand_, fresh);
    if (read.io != Io::kOk) co_return BodyStateOf(read.io);
    body_.Fill(std::min(read.bytes, due));
    if (read.bytes > due) pending_.assign(1, fresh[due]);
    strand_.SetDeadlineIn(server_.limits().body_idle);
  }
  co_return BodyState::kWhole;
}

Task<BodyState> Exchange::ReadChunkedBody() {
  body_ = server_.buffers().Lease(2 * kReadAtOnce);
  size_t overhead = 0;
  for (;;) {
    body_.Reserve(std::max(kReadAtOnce, pending_.size()));
    std::span<char> fresh = body_.spare();
    if (!pending_.empty()) {
      std::copy(pending_.begin(), pending_.end(), fresh.begin());
      fresh = fresh.first(pending_.size());
      pending_.clear();
    } else {
      const IoCount read = co_await stream_.Read(strand_, fresh);
      if (read.io != Io::kOk) co_return BodyStateOf(read.io);
      fresh = fresh.first(read.bytes);
      strand_.SetDeadlineIn(server_.limits().body_idle);
    }
    const auto chunks = parser_.DecodeChunks(fresh);
    if (chunks.state == MessageParser::State::kFailed) co_return BodyState::kMalformed;
    body_.Fill(chunks.payload);
    if (body_.size() > server_.limits().body_bytes) co_return BodyState::kTooLarge;
    if (chunks.state == MessageParser::State::kDone) {
      pending_.assign(fresh.begin() + static_cast<ptrdiff_t>(chunks.consumed), fresh.end());
      co_return BodyState::kWhole;
    }
    overhead = chunks.payload > 0 ? 0 : overhead + fresh.size();
    if (overhead > kMostOverhead) co_return BodyState::kMalformed;
  }
}

void Exchange::StartHead(int status, std::string_view reason, std::span<const Header> headers) {
  output_ += "HTTP/1.1 ";
  output_ += std::to_string(status);
  output_ += ' ';
  output_ += reason.empty() ? StandardReason(status) : reason;
  output_ += "\r\n";
  for (const Header& header : headers) AppendHeaderLine(output_, header.name, header.value);
}

void Exchange::Begin(int status, std::string_view reason, std::span<const Header> headers,
                     std::optional<uint64_t> length) {
  CHECK(!begun_);
  begun_ = true;
  StartHead(status, reason, headers);
  const bool bodiless = status == 204 || status == 304;
  if (length && !bodiless) {
    output_ += "content-length: " + std::to_string(*length) + "\r\n";
  } else if (!bodiless && head_.minor_version == 1) {
    output_ += "transfer-encoding: chunked\r\n";
    chunked_ = HasAnswerBody();
  } else if (!bodiless) {
    keep_alive_ = false;
  }
  left_ = HasAnswerBody() && !bodiless ? length : 0;
  if (chunked_) left_.reset();
  // What the client hasn't finished sending can't be told from its next request.
  if (!body_read_ && head_.framing != Framing::kNone) keep_alive_ = false;
  if (server_.draining()) keep_alive_ = false;
  if (!keep_alive_) {
    output_ += "connection: close\r\n";
  } else if (head_.minor_version == 0) {
    output_ += "connection: keep-alive\r\n";
  }
  output_ += "\r\n";
}

Task<Io> Exchange::SendFramed(std::string_view bytes, std::string_view ending,
                              std::optional<std::chrono::nanoseconds> stall) {
  std::array<char, 18> size_line;  // NOLINT: filled below
  std::array<std::string_view, 5> pieces;
  size_t count = 0;
  if (!output_.empty()) pieces[count++] = output_;
  if (chunked_ && !bytes.empty()) {
    char* end = std::to_chars(size_line.data(), size_line.data() + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    pieces[count++] = {size_line.data(), static_cast<size_t>(end - size_line.data())};
    pieces[count++] = bytes;
    pieces[count++] = "\r\n";
  } else if (!bytes.empty()) {
    pieces[count++] = bytes;
  }
  if (!ending.empty()) pieces[count++] = ending;
  body_bytes_sent_ += bytes.size();
  const Io io = co_await stream_.WriteAll(strand_, std::span(pieces.data(), count), stall);
  if (io == Io::kCancelled) {
    std::string left;
    for (size_t i = 0; i < count; ++i) left += pieces[i];
    output_ = std::move(left);
  } else {
    output_.clear();
  }
  co_return io;
}

Task<Io> Exchange::SendPiece(std::string_view bytes) {
  CHECK(begun_ && !finished_);
  if (left_) {
    bytes = bytes.substr(0, *left_);  // an answer without a body has nothing left from the start
    *left_ -= bytes.size();
  }
  return SendFramed(bytes, "", server_.limits().write_stall);
}

Task<Io> Exchange::SendLast(std::string_view bytes) {
  CHECK(begun_ && !finished_);
  if (left_) bytes = bytes.substr(0, *left_);
  const bool short_of_its_promise = left_ && *left_ > bytes.size();
  last_given_ = true;
  const Io io = co_await SendFramed(bytes, chunked_ ? kLastChunk : "", server_.limits().write_stall);
  finished_ = io == Io::kOk && !short_of_its_promise;
  co_return io;
}

Task<Io> Exchange::EndBy(BootTime deadline, std::string_view bytes) {
  CHECK(begun_ && !finished_ && (last_given_ ? bytes.empty() : !left_));
  strand_.SetDeadline(deadline);
  const std::string_view ending = chunked_ && !last_given_ ? kLastChunk : "";
  last_given_ = true;
  const Io io = co_await SendFramed(bytes, ending, std::nullopt);
  finished_ = io == Io::kOk;
  co_return io;
}

Task<Io> Exchange::Send(const Answer& answer) {
  Begin(answer.status, "", answer.headers, answer.body.size());
  const Io io = co_await SendLast(answer.body);
  co_return io;
}

Task<Io> Exchange::SendInterim(int status, std::string_view reason, std::span<const Header> headers) {
  CHECK(!begun_ && head_.minor_version == 1);
  StartHead(status, reason, headers);
  output_ += "\r\n";
  return SendFramed("", "", server_.limits().write_stall);
}

}  // namespace postern::http
