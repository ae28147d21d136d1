#include "shared/http/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

namespace postern::http {
namespace {

constexpr size_t kMostPieces = 8;
constexpr size_t kRecord = 16 * 1024;  // the most that one TLS record carries

bool IsRetry(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Io FromWake(Wake wake) {
  switch (wake) {
    case Wake::kEvent: return Io::kOk;
    case Wake::kDeadline: return Io::kDeadline;
    case Wake::kCancelled: return Io::kCancelled;
  }
  return Io::kFailed;
}

std::span<std::string_view> Advance(std::span<std::string_view> pieces, size_t count) {
  while (!pieces.empty() && count >= pieces.front().size()) {
    count -= pieces.front().size();
    pieces.front() = {};
    pieces = pieces.subspan(1);
  }
  if (count > 0) pieces.front().remove_prefix(count);
  return pieces;
}

Task<Io> Stream::Handshake(Strand& strand) {
  for (;;) {
    const tls::Step step = tls_->Handshake();
    if (step == tls::Step::kDone) co_return Io::kOk;
    if (step == tls::Step::kClosed || step == tls::Step::kFailed) co_return Io::kFailed;
    Await(step);
    const Wake wake = co_await strand.Wait();
    if (wake != Wake::kEvent) co_return FromWake(wake);
  }
}

void Stream::Await(tls::Step step) {
  if (step == tls::Step::kWantRead) socket_.Drained();
  if (step == tls::Step::kWantWrite) socket_.Filled();
}

IoCount Stream::TryRead(std::span<char> into) {
  if (tls_) return ReadTls(into);
  if (!socket_.readable()) return {Io::kWouldBlock};
  const ssize_t count = ::recv(socket_.descriptor(), into.data(), into.size(), 0);
  if (count > 0) {
    // A short read means drained, and the next edge will tell; but a hang-up has had its edge already.
    if (static_cast<size_t>(count) < into.size() && !socket_.hung_up()) socket_.Drained();
    return {Io::kOk, static_cast<size_t>(count)};
  }
  if (count == 0) return {Io::kClosed};
  if (!IsRetry(errno)) return {Io::kFailed};
  if (errno != EINTR) socket_.Drained();
  return {Io::kWouldBlock};
}

IoCount Stream::ReadTls(std::span<char> into) {
  size_t total = 0;
  while (total < into.size()) {
    const tls::Transfer transfer = tls_->Read(into.subspan(total));
    if (transfer.step == tls::Step::kDone) {
      total += transfer.bytes;
      continue;
    }
    Await(transfer.step);
    if (total > 0) break;  // an end or a failure shows itself again at the next call
    if (transfer.step == tls::Step::kClosed) return {Io::kClosed};
    return {transfer.step == tls::Step::kFailed ? Io::kFailed : Io::kWouldBlock};
  }
  return {Io::kOk, total};
}

Task<IoCount> Stream::Read(Strand& strand, std::span<char> into) {
  for (;;) {
    const IoCount read = TryRead(into);
    if (read.io != Io::kWouldBlock) co_return read;
    const Wake wake = co_await strand.Wait();
    if (wake != Wake::kEvent) co_return IoCount{FromWake(wake)};
  }
}

IoCount Stream::TryWrite(std::span<const std::string_view> pieces) {
  if (tls_) return WriteTls(pieces);
  if (!socket_.writable()) return {Io::kWouldBlock};
  std::array<iovec, kMostPieces> vectors;  // NOLINT: filled below
  CHECK(pieces.size() <= kMostPieces);
  size_t wanted = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    wanted += pieces[i].size();
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = pieces.size();
  const ssize_t count = ::sendmsg(socket_.descriptor(), &message, MSG_NOSIGNAL);
  if (count >= 0) {
    if (static_cast<size_t>(count) < wanted) socket_.Filled();
    return {Io::kOk, static_cast<size_t>(count)};
  }
  if (!IsRetry(errno)) return {Io::kFailed};
  if (errno != EINTR) socket_.Filled();
  return {Io::kWouldBlock};
}

IoCount Stream::WriteTls(std::span<const std::string_view> pieces) {
  size_t total = 0;
  std::array<char, kRecord> joined;  // NOLINT: filled below
  std::array<std::string_view, kMostPieces> left;
  std::copy(pieces.begin(), pieces.end(), left.begin());
  std::span<std::string_view> rest(left.data(), pieces.size());
  while (!rest.empty()) {
    // Small pieces share a record: a head and its body are one packet.
    std::string_view next = rest.front();
    if (next.size() < kRecord && rest.size() > 1) {
      size_t filled = 0;
      for (const std::string_view piece : rest) {
        const size_t part = std::min(piece.size(), joined.size() - filled);
        std::memcpy(joined.data() + filled, piece.data(), part);
        filled += part;
        if (filled == joined.size()) break;
      }
      next = {joined.data(), filled};
    }
    const tls::Transfer transfer = tls_->Write(next);
    if (transfer.step != tls::Step::kDone) {
      Await(transfer.step);
      if (total > 0) break;
      const bool blocked = transfer.step == tls::Step::kWantRead || transfer.step == tls::Step::kWantWrite;
      return {blocked ? Io::kWouldBlock : Io::kFailed};
    }
    total += transfer.bytes;
    rest = Advance(rest, transfer.bytes);
  }
  return {Io::kOk, total};
}

Task<Io> Stream::WriteAll(Strand& strand, std::span<std::string_view> pieces,
                          std::optional<std::chrono::nanoseconds> stall) {
  pieces = Advance(pieces, 0);
  bool stalled = false;
  while (!pieces.empty()) {
    const IoCount written = TryWrite(pieces);
    if (written.io == Io::kOk) {
      pieces = Advance(pieces, written.bytes);
      stalled = false;
      continue;
    }
    if (written.io != Io::kWouldBlock) co_return written.io;
    if (!stalled && stall) strand.SetDeadlineIn(*stall);
    stalled = true;
    const Wake wake = co_await strand.Wait();
    if (wake != Wake::kEvent) co_return FromWake(wake);
  }
  co_return Io::kOk;
}

void Stream::FinishSending() {
  if (tls_) tls_->Close();
  ::shutdown(socket_.descriptor(), SHUT_WR);
}

}  // namespace postern::http
