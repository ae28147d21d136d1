#include "shared/http/client_connection.h"

#include <algorithm>
#include <utility>

namespace postern::http {
namespace {

constexpr size_t kReadAtOnce = 64 * 1024 - Buffer::kPadding;
constexpr std::string_view kEmptyLine = "\r\n\r\n";

}  // namespace

Task<Io> ClientConnection::SendRequest(Strand& strand, std::string_view method,
                                       std::span<std::string_view> pieces, std::chrono::nanoseconds stall) {
  parser_.Reset();
  input_.clear();
  early_ = {};
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
  input_.clear();
  parser_.Reset();
  head_.status = 0;  // that of one that can't be read is looked at, too
  for (;;) {
    if (!input_.empty()) {
      const auto state = parser_.ReadHead(input_, head_);
      if (state == MessageParser::State::kFailed) co_return Io::kFailed;
      if (state == MessageParser::State::kDone) break;
      if (input_.size() > most_bytes) co_return Io::kFailed;
    }
    // After an interim answer what came with it is the beginning of the next one.
    if (!early_.empty()) {
      TakeHead(std::exchange(early_, {}));
      continue;
    }
    Io io = TryReadInput();
    while (io == Io::kWouldBlock) {
      const Wake wake = co_await strand.Wait();
      io = wake == Wake::kEvent ? TryReadInput() : FromWake(wake);
    }
    if (io != Io::kOk) co_return io;
  }
  if (parser_.head_size() != input_.size()) co_return Io::kFailed;
  if (head_only_) head_.framing = Framing::kNone;
  left_ = head_.framing == Framing::kLength ? head_.content_length : 0;
  const bool bodiless = head_.framing == Framing::kNone || (head_.framing == Framing::kLength && left_ == 0);
  complete_ = bodiless && head_.status / 100 != 1;
  co_return Io::kOk;
}

// Read into the body's buffer: where much of the body comes with the head, it is there already.
Io ClientConnection::TryReadInput() {
  if (stream_.tls() == nullptr && !stream_.MayHaveInput()) return Io::kWouldBlock;
  if (buffer_.capacity() == 0) buffer_ = buffers_.Lease(kReadAtOnce);
  buffer_.Clear();
  const std::span<char> into = buffer_.spare();
  const IoCount read = stream_.TryRead(into);
  if (read.io != Io::kOk) {
    buffer_.Release();  // nobody knows how long the wait will be
    return read.io;
  }
  answered_ = true;
  TakeHead(into.first(read.bytes));
  return Io::kOk;
}

// Adds what may belong to the head to the input, and leaves the rest where it is.
void ClientConnection::TakeHead(std::span<char> fresh) {
  const size_t before = input_.size();
  // The empty line may have begun with what came earlier.
  const size_t overlap = std::min(before, kEmptyLine.size() - 1);
  const std::string_view bytes(fresh.data(), fresh.size());
  size_t end = std::string_view::npos;
  for (size_t kept = overlap; kept > 0 && end == std::string_view::npos; --kept) {
    if (std::string_view(input_).substr(before - kept) == kEmptyLine.substr(0, kept) &&
        bytes.starts_with(kEmptyLine.substr(kept)))
      end = kEmptyLine.size() - kept;
  }
  if (end == std::string_view::npos) {
    const size_t found = bytes.find(kEmptyLine);
    end = found == std::string_view::npos ? bytes.size() : found + kEmptyLine.size();
  }
  input_.append(bytes, 0, end);
  early_ = fresh.subspan(end);
}

BodyPiece ClientConnection::TryReadBody() {
  if (complete_) return {Io::kOk, {}, true};
  if (!early_.empty()) return Decode(std::exchange(early_, {}));
  if (buffer_.capacity() == 0) buffer_ = buffers_.Lease(kReadAtOnce);
  buffer_.Clear();
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
  const bool whole = complete_ && sent_whole_ && head_.keep_alive && early_.empty();
  if (!whole || stream_.socket().hung_up()) return false;
  char byte = 0;
  return stream_.TryRead(std::span(&byte, 1)).io == Io::kWouldBlock;
}

void ClientConnection::Rest() {
  buffer_.Release();
  input_ = std::string();
  early_ = {};
}

}  // namespace postern::http
