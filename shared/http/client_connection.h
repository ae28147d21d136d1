// The asking side of one connection: a request out, an answer back, and whether another may follow.
#pragma once

#include <memory>
#include <string>

#include "shared/http/buffer_pool.h"
#include "shared/http/message_parser.h"
#include "shared/http/stream.h"

namespace postern::http {

// A part of an answer's body, decoded from its framing. Valid until the next read.
struct BodyPiece {
  Io io;
  std::string_view bytes{};
  bool last = false;  // the body is complete, framing and all
};

// Owned by the loop thread.
class ClientConnection {
 public:
  ClientConnection(Loop& loop, BufferPool& buffers, int descriptor, SocketOwner* owner)
      : buffers_(buffers), stream_(loop, descriptor, owner) {}

  Stream& stream() { return stream_; }

  // Sends a request whose head is `pieces[0]`. kOk also when the server answers before it has taken
  // everything: then the rest isn't sent and the connection won't be used again. `method` decides whether an
  // answer has a body.
  Task<Io> SendRequest(Strand& strand, std::string_view method, std::span<std::string_view> pieces,
                       std::chrono::nanoseconds stall);

  // Reads the next head: of an interim answer (1xx) or of the answer. kFailed with failure() when it isn't
  // HTTP, or is framed in a way that can't be read; head() then has its status, if that was read.
  Task<Io> ReadHead(Strand& strand, size_t most_bytes);
  const Head& head() const { return head_; }
  const std::string& failure() const { return parser_.failure(); }
  // Whether any byte came back since SendRequest.
  bool answered() const { return answered_; }

  // What of the body is there now: everything that is readable, up to the buffer's size.
  BodyPiece TryReadBody();

  // Whether another request may be sent: the answer was complete, nothing came after it, and both sides keep
  // the connection.
  bool IsReusable();
  // For an idle connection: gives back its memory.
  void Rest();

  bool sent_whole_request() const { return sent_whole_; }

 private:
  Io TryReadInput();
  void TakeHead(std::span<char> fresh);
  BodyPiece Decode(std::span<char> fresh);

  BufferPool& buffers_;
  Stream stream_;
  MessageParser parser_{MessageParser::Role::kResponses};
  Head head_;
  std::string input_;       // the head's bytes
  Buffer buffer_;           // what the last read gave
  std::span<char> early_;   // of it, what came with the head and is not of the head
  uint64_t left_ = 0;       // of a body with a length
  bool head_only_ = false;  // the method was HEAD
  bool sent_whole_ = false;
  bool answered_ = false;
  bool complete_ = false;
};

}  // namespace postern::http
