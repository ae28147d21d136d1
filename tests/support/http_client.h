// A blocking HTTP/1.1 client that sends exactly the bytes it is given, for tests that need to be rude.
//
//   auto connection = RawConnection::Open({.port = port});
//   ASSERT_TRUE(connection->Send("GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
//   const auto response = connection->ReadResponse();
//
// It shares no parser with what it tests. Every call ends: what takes longer than `patience` is kUnavailable.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"
#include "shared/tls/session.h"

namespace postern::support {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  int status = 0;
  std::string reason;
  Headers headers;                // as sent, in order
  std::string body;               // without its framing; a content coding is left as it is
  std::string head;               // the bytes of the head
  std::string framed;             // the bytes of the body, framing and all
  bool complete = false;          // the body ended as its framing says
  std::vector<Response> interim;  // the 1xx answers before it

  // The first header of that name, whatever its case; empty if there is none.
  std::string Find(std::string_view name) const;
};

struct Target {
  uint16_t port = 0;
  std::string address = "127.0.0.1";  // an IPv4 or IPv6 address
  std::string unix_path = {};         // instead of address and port
  tls::Context* tls = nullptr;        // a client's context, for TLS
  std::string tls_host = "localhost";
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

// Thread-compatible.
class RawConnection {
 public:
  static Result<RawConnection> Open(const Target& target);
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;
  ~RawConnection();

  // All of it, or an error: kUnavailable when the peer doesn't take it in time or has closed the connection.
  Status Send(std::string_view bytes);

  // Up to the end of `delimiter`; what comes after it stays for the next call. kUnavailable, with what did
  // come in the message, when the peer ends the connection first.
  Result<std::string> ReadUntil(std::string_view delimiter);
  // At least one byte, at most `most`. kNotFound when the peer has ended the connection.
  Result<std::string> ReadSome(size_t most = 64 * 1024);
  // Everything until the peer ends the connection, by a proper end or a reset.
  Result<std::string> ReadToEnd();

  // Whether something of an answer has come, or comes in time; it stays for the next call.
  bool WaitForBytes();

  // One answer to a request of this method. An answer cut short is a value with complete == false; kInvalid
  // when it isn't HTTP; kNotFound when the peer ended the connection before its first byte.
  Result<Response> ReadResponse(std::string_view method = "POST");

  // Whether the peer has ended or reset the connection, when it does so within `patience`; bytes that come
  // first are kept.
  bool WaitForEnd(std::chrono::milliseconds patience);
  bool was_reset() const { return reset_; }

  void FinishSending();  // half-close
  void Reset();          // a TCP reset, and no more calls after it

  int descriptor() const { return descriptor_; }

 private:
  RawConnection(int descriptor, std::chrono::milliseconds patience)
      : descriptor_(descriptor), patience_(patience) {}
  using Deadline = std::chrono::steady_clock::time_point;
  Deadline NewDeadline() const { return std::chrono::steady_clock::now() + patience_; }
  Status StartTls(tls::Context& context, const std::string& host);
  enum class More { kBytes, kEnd, kTimeout };
  More Fill(Deadline deadline);  // reads what is there into input_
  bool Await(short events, Deadline deadline) const;
  bool ReadBody(Response& response, std::string_view method);
  bool ReadChunks(Response& response);
  std::optional<std::string> TakeLine(std::string& taken);

  int descriptor_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<tls::Session> tls_;
  std::string input_;
  bool reset_ = false;
};

// The bytes of a request: the request line, `host` and `content-length` (where there is a body) unless given,
// the headers.
std::string FormatRequest(std::string_view method, std::string_view path, const Headers& headers = {},
                          std::string_view body = "");

// One request on a connection of its own.
Result<Response> Fetch(const Target& target, std::string_view method, std::string_view path,
                       const Headers& headers = {}, std::string_view body = "");

}  // namespace postern::support
