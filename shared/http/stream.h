// Bytes over a socket, plain or through TLS.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "shared/http/loop.h"
#include "shared/tls/session.h"

namespace postern::http {

enum class Io {
  kOk,
  kWouldBlock,  // only from the Try calls: wait on the strand and try again
  kClosed,      // the peer ended its side properly
  kFailed,      // the connection is of no more use
  kDeadline,    // the strand's deadline passed first
  kCancelled,   // the strand was cancelled
};

struct IoCount {
  Io io;
  size_t bytes = 0;  // with kOk: at least one
};

Io FromWake(Wake wake);  // kEvent is kOk

// Owned by the loop thread.
class Stream {
 public:
  // Takes a connected (or connecting) non-blocking socket.
  Stream(Loop& loop, int descriptor, SocketOwner* owner) : socket_(loop, descriptor, owner) {}

  Socket& socket() { return socket_; }
  const Socket& socket() const { return socket_; }

  // From now on everything goes through this session; Handshake comes next.
  void StartTls(std::unique_ptr<tls::Session> session) { tls_ = std::move(session); }
  const tls::Session* tls() const { return tls_.get(); }
  Task<Io> Handshake(Strand& strand);

  // Reads what is there, until `into` is full or nothing is left.
  IoCount TryRead(std::span<char> into);
  Task<IoCount> Read(Strand& strand, std::span<char> into);

  // Sends as much of the pieces, in order, as the kernel takes now; at most eight pieces.
  IoCount TryWrite(std::span<const std::string_view> pieces);
  // Sends all of them. Where that has to wait, the strand's deadline becomes `stall` after the last bytes
  // that were taken; without one the deadline that is set holds for all. Where it ends early, `pieces` are
  // what is left.
  Task<Io> WriteAll(Strand& strand, std::span<std::string_view> pieces,
                    std::optional<std::chrono::nanoseconds> stall);

  // Whether bytes may be there to read that nobody asked for (an idle connection should have none).
  bool MayHaveInput() const { return socket_.readable(); }

  // Tells the peer that nothing more will be sent.
  void FinishSending();

 private:
  IoCount ReadTls(std::span<char> into);
  IoCount WriteTls(std::span<const std::string_view> pieces);
  void Await(tls::Step step);

  Socket socket_;
  std::unique_ptr<tls::Session> tls_;
};

// Drops the first `count` bytes of the pieces, empties those that are used up, and returns the others.
std::span<std::string_view> Advance(std::span<std::string_view> pieces, size_t count);

}  // namespace postern::http
