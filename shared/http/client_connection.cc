#include "shared/http/client_connection.h"

#include <algorithm>
#include <array>

namespace postern::http {
namespace {

constexpr size_t kReadHeadAtOnce = 8 * 1024;
constexpr size_t kReadBodyAtOnce = 64 * 1024 - Buffer::kPadding;

}  // namespace

Task<Io> ClientConnection::SendRequest(Strand& strand, std::string_view method,
                                       std::span<std::string_view> pieces, std::chrono::nanoseconds stall) {
  parser_.Reset();
  input_.clear();
  input_used_ = 0;
  head_only_ = method == "HEAD";
  answered_ = complete_ = sent_whole_ = false;
  pieces = Advance(pieces, 0);
  bool stalled = false;
  while (!pieces.empty()) {
    const IoCount written = stream_.TryWrite(pieces);
    if (written.io == Io::kOk) {
      pieces = Advance(pieces, written.bytes);
      stalled = false;
      continue;
    }
    if (written.io != Io::kWouldBlock) co_return written.io;
    if (stream_.MayHaveInput() && stream_.tls() == nullptr)
      co_return Io::kOk;  // it has made up its mind already
    if (!stalled) strand.SetDeadlineIn(stall);
    stalled = true;
    const Wake wake = co_await strand.Wait();
    if (wake != Wake::kEvent) co_return FromWake(wake);
  }
  sent_whole_ = true;
  co_return Io::kOk;
}

Task<Io> ClientConnection::ReadHead(Strand& strand, size_t most_bytes) {
  // After an interim answer the rest of the input is the beginning of the next one.
  input_.erase(0, input_used_);
  input_used_ = 0;
  parser_.Reset();
  for (;;) {
    if (!input_.empty()) {
      const auto state = parser_.ReadHead(input_, head_);
      if (state == MessageParser::State::kFailed) co_return Io::kFailed;
      if (state == MessageParser::State::kDone) break;
      if (input_.size() > most_bytes) co_return Io::kFailed;
    }
    Io io = TryReadInput();
    while (io == Io::kWouldBlock) {
      const Wake wake = co_await strand.Wait();
      io = wake == Wake::kEvent ? TryReadInput() : FromWake(wake);
    }
    if (io != Io::kOk) co_return io;
  }
  input_used_ = parser_.head_size();
  if (head_only_) head_.framing = Framing::kNone;
  left_ = head_.framing == Framing::kLength ? head_.content_length : 0;
  const bool bodiless = head_.framing == Framing::kNone || (head_.framing == Framing::kLength && left_ == 0);
  complete_ = bodiless && head_.status / 100 != 1;
  co_return Io::kOk;
}

// Not a part of the coroutine, whose frame would have to be as large as the array.
Io ClientConnection::TryReadInput() {
  std::array<char, kReadHeadAtOnce> fresh;  // NOLINT: filled by the read
  const IoCount read = stream_.TryRead(fresh);
  if (read.io != Io::kOk) return read.io;
  answered_ = true;
  input_.append(fresh.data(), read.bytes);
  return Io::kOk;
}

BodyPiece ClientConnection::TryReadBody() {
  if (complete_) return {Io::kOk, {}, true};
  if (buffer_.capacity() == 0) buffer_ = buffers_.Lease(kReadBodyAtOnce);
  buffer_.Clear();
  if (input_used_ < input_.size()) {
    const size_t early = std::min(input_.size() - input_used_, buffer_.capacity());
    const std::span<char> fresh = buffer_.spare().first(early);
    std::copy_n(input_.begin() + static_cast<ptrdiff_t>(input_used_), early, fresh.begin());
    input_used_ += early;
    return Decode(fresh);
  }
  std::span<char> into = buffer_.spare();
  // One byte more than is due: a server that sends it has lost count, and a read that comes short has drained
  // the socket.
  if (head_.framing == Framing::kLength) into = into.first(std::min<uint64_t>(into.size(), left_ + 1));
  const IoCount read = stream_.TryRead(into);
  if (read.io == Io::kClosed && head_.framing == Framing::kUntilClose) {
    complete_ = true;
    return {Io::kOk, {}, true};
  }
  if (read.io != Io::kOk) return {read.io};
  return Decode(into.first(read.bytes));
}

BodyPiece ClientConnection::Decode(std::span<char> fresh) {
  if (head_.framing == Framing::kLength) {
    const size_t part = std::min<uint64_t>(fresh.size(), left_);
    left_ -= part;
    complete_ = left_ == 0;
    if (part < fresh.size()) head_.keep_alive = false;  // bytes after the answer's end: whose would they be?
    return {Io::kOk, {fresh.data(), part}, complete_};
  }
  if (head_.framing == Framing::kUntilClose) return {Io::kOk, {fresh.data(), fresh.size()}};
  const auto chunks = parser_.DecodeChunks(fresh);
  if (chunks.state == MessageParser::State::kFailed) return {Io::kFailed};
  complete_ = chunks.state == MessageParser::State::kDone;
  if (complete_ && chunks.consumed < fresh.size()) head_.keep_alive = false;
  return {Io::kOk, {fresh.data(), chunks.payload}, complete_};
}

bool ClientConnection::IsReusable() {
  const bool whole = complete_ && sent_whole_ && head_.keep_alive && input_used_ == input_.size();
  if (!whole || stream_.socket().hung_up()) return false;
  char byte = 0;
  return stream_.TryRead(std::span(&byte, 1)).io == Io::kWouldBlock;
}

void ClientConnection::Rest() {
  buffer_.Release();
  input_ = std::string();
  input_used_ = 0;
}

}  // namespace postern::http
