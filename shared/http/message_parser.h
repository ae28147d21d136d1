// HTTP/1.1 heads and chunks, read by llhttp (Node's parser) without any of its leniencies, and then some
// checks of ours: what two readers could understand differently is refused, since the one behind us would be
// the other reader. What is plain (plain_head.h, and chunks that are a size and their bytes) doesn't go
// through llhttp at all, which costs half as many instructions; both ways must say the same, and are tested
// against each other.
//
// Refused, beyond what llhttp refuses: more than one Content-Length or Transfer-Encoding, both together, a
// Transfer-Encoding other than "chunked", one in HTTP/1.0, folded header lines, and a request target that
// isn't a path.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "shared/http/message.h"

namespace postern::http {

// Reads one message at a time of one connection's side. Pure: bytes come in as arguments. Thread-compatible.
class MessageParser {
 public:
  enum class Role { kRequests, kResponses };
  enum class State { kMore, kDone, kFailed };

  explicit MessageParser(Role role);
  ~MessageParser();

  // Forgets what was read; the next byte begins a new message.
  void Reset();

  // `bytes` is everything read so far from the first byte of the message on; it may have moved since the last
  // call, and only what is new is read. With kDone, `head` is filled with views into `bytes`, and head_size()
  // tells where the body begins.
  State ReadHead(std::string_view bytes, Head& head);
  size_t head_size() const;

  // Decodes a chunked body in place, after a head with Framing::kChunked: moves what the chunks carry to the
  // front of `bytes`.
  struct Chunks {
    State state;
    size_t consumed;  // bytes read of the message; with kDone the rest belongs to the next one
    size_t payload;   // bytes at the front
  };
  Chunks DecodeChunks(std::span<char> bytes);

  // After kFailed: what is wrong, in a few words that quote nothing of the message.
  const std::string& failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::http
