// The serving side: a listener, and one coroutine a connection that reads requests and hands each to a
// handler.
//
//   accept → read a head → (checks) → handler(Exchange) → keep the connection or close it
//
// What the protocol forbids is answered here, in the words of `render`; everything else is the handler's.
// Fails closed: a request that was not understood to its last byte ends its connection.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "shared/http/address.h"
#include "shared/http/buffer_pool.h"
#include "shared/http/loop.h"
#include "shared/http/message_parser.h"
#include "shared/http/stream.h"
#include "shared/tls/context.h"

namespace postern::http {

struct ServerLimits {
  std::chrono::nanoseconds head{std::chrono::seconds(10)};         // from a head's first byte to its last
  std::chrono::nanoseconds idle{std::chrono::seconds(300)};        // between exchanges
  std::chrono::nanoseconds body_idle{std::chrono::seconds(30)};    // between two reads of a body
  std::chrono::nanoseconds write_stall{std::chrono::seconds(60)};  // a client that doesn't read
  size_t head_bytes = 64 * 1024;
  size_t body_bytes = 32 * 1024 * 1024;
  size_t connections = 10'000;
};

// A whole answer: what Exchange::Answer sends.
struct Answer {
  int status = 200;
  std::vector<Header> headers;  // without framing; views must live until the answer is sent
  std::string body;
};

// What went wrong before a handler could know of it.
struct ProtocolError {
  int status;            // 400, 408, 413, 417, 431, 505 …
  std::string sentence;  // quotes nothing of the request
};

enum class BodyState {
  kWhole,
  kTooLarge,   // more than the limit, by its length or as it came
  kMalformed,  // not the framing it claimed
  kTimedOut,
  kGone,  // the client left
};

// What a handler wants to keep for the life of a connection.
class ConnectionNote {
 public:
  virtual ~ConnectionNote() = default;
};

class Connection;
class Server;

// One request and its answer. The handler reads the body or not, sends one answer or none (then the
// connection is cut). Owned by the loop thread; lives as long as the handler's coroutine.
class Exchange {
 public:
  const Head& head() const { return head_; }
  Strand& strand() { return strand_; }
  Server& server() { return server_; }
  const Address& client() const { return client_; }
  const Address& local() const { return local_; }
  BootTime began() const { return began_; }       // when the head was complete
  ConnectionNote* note() const { return note_; }  // what the server's on_accept made, or null

  // Reads the whole body, once; body() then has it. Says "100 Continue" to a client that waits for it. With
  // kWhole, a client that leaves from then on cancels the strand.
  Task<BodyState> ReadBody();
  const Buffer& body() const { return body_; }
  Buffer& body() { return body_; }

  // Sends a whole answer.
  Task<Io> Send(const Answer& answer);

  // Or an answer in pieces: Begin, any number of SendPiece, SendLast. The head goes out with the first piece
  // (which may be empty). With a length, exactly that many bytes must follow; without one the body is
  // chunked, or ends with the connection for a client of HTTP/1.0.
  void Begin(int status, std::string_view reason, std::span<const Header> headers,
             std::optional<uint64_t> length);
  Task<Io> SendPiece(std::string_view bytes);
  Task<Io> SendLast(std::string_view bytes);
  bool begun() const { return begun_; }
  bool finished() const { return finished_; }

  // Ends an answer after its strand was cancelled in the middle of it (and has recovered): what was given
  // before and not sent yet goes out first, then these bytes, then the proper end; all of it until
  // `deadline`. Not for an answer with a length. Once SendLast has been called, `bytes` must be empty.
  Task<Io> EndBy(BootTime deadline, std::string_view bytes);
  bool has_length() const { return left_.has_value(); }  // of an answer that has begun
  bool last_given() const { return last_given_; }        // SendLast has been called, whatever became of it

  // An interim answer (1xx), before Begin; only for a client of HTTP/1.1.
  Task<Io> SendInterim(int status, std::string_view reason, std::span<const Header> headers);

  // The connection ends after this answer.
  void CloseAfterwards() { keep_alive_ = false; }

  uint64_t body_bytes_sent() const { return body_bytes_sent_; }

 private:
  friend class Server;
  friend class Connection;
  Exchange(Server& server, Strand& strand, Stream& stream, const Address& client, const Address& local)
      : server_(server), strand_(strand), stream_(stream), client_(client), local_(local) {}

  Task<BodyState> ReadSizedBody();
  Task<BodyState> ReadChunkedBody();
  Task<Io> SendFramed(std::string_view bytes, std::string_view ending,
                      std::optional<std::chrono::nanoseconds> stall);
  void StartHead(int status, std::string_view reason, std::span<const Header> headers);
  bool HasAnswerBody() const { return head_.method != "HEAD"; }

  Server& server_;
  Strand& strand_;
  Stream& stream_;
  const Address& client_;
  const Address& local_;
  ConnectionNote* note_ = nullptr;

  // Filled anew for each exchange of the connection.
  MessageParser parser_{MessageParser::Role::kRequests};
  Head head_;
  std::string input_;    // the head's bytes
  std::string pending_;  // what came after them and isn't read yet
  BootTime began_{};
  Buffer body_;
  bool body_read_ = false;
  std::string output_;  // the answer's head until it is sent; what was left when sending was cancelled
  bool keep_alive_ = false;
  bool begun_ = false;
  bool chunked_ = false;
  bool finished_ = false;
  bool last_given_ = false;
  std::optional<uint64_t> left_;  // of an answer with a length
  uint64_t body_bytes_sent_ = 0;
};

// Owned by the loop thread, and must live until its loop has ended.
class Server {
 public:
  using Handler = std::function<Task<void>(Exchange&)>;
  using Renderer = std::function<Answer(const ProtocolError&)>;
  using OnAccept =
      std::function<std::unique_ptr<ConnectionNote>(const Address& client, const Address& local)>;

  // `tls` may be null, for plain HTTP; it must live longer than the server.
  Server(Loop& loop, BufferPool& buffers, const ServerLimits& limits, Handler handler, Renderer render,
         tls::Context* tls);
  ~Server();

  // Binds and listens. kUnavailable with the address when it is taken. May be called for several addresses.
  Status Listen(const Address& address);
  // Takes a socket that listens already (from systemd, or a parent).
  Status Adopt(int descriptor);
  // Where it listens: the port that was chosen, if the address had none.
  const std::vector<Address>& addresses() const { return addresses_; }

  // Called for each connection as soon as it is accepted, before anything is read from it.
  void set_on_accept(OnAccept on_accept) { on_accept_ = std::move(on_accept); }

  // Stops listening; idle connections end at once, others after the answer that is on its way.
  void Drain();
  // Ends what is left.
  void Abort();

  Loop& loop() { return loop_; }
  BufferPool& buffers() { return buffers_; }
  ServerLimits& limits() { return limits_; }
  size_t connections() const { return connections_.size(); }
  bool draining() const { return draining_; }
  bool aborted() const { return aborted_; }

 private:
  friend class Connection;
  friend class Exchange;
  class Listener;

  Loop& loop_;
  BufferPool& buffers_;
  ServerLimits limits_;
  Handler handler_;
  Renderer render_;
  OnAccept on_accept_;
  tls::Context* tls_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<Address> addresses_;
  std::unordered_set<Connection*> connections_;
  using Scratch = std::array<char, 16 * 1024>;
  std::unique_ptr<Scratch> scratch_;  // what is read goes on from here at once
  bool draining_ = false;
  bool aborted_ = false;
};

}  // namespace postern::http
