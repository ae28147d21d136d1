// Calls to the collector's HTTPS API. The peer is known before a byte of the request leaves: by the pinned
// fingerprint of its key, or by a chain to an authority and its host name. Redirects are never followed, and
// no proxy of the environment is used.
//
//   ASSIGN_OR_RETURN(const auto client, Client::Make({.url = "https://keep.example:4790", .fingerprint =
//   …})); ASSIGN_OR_RETURN(const Reply reply, client->Send({.method = "GET", .path = "/v1/whoami"})); if
//   (reply.status >= 400) return ErrorOf(reply.status, reply.body);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"
#include "shared/rest/message.h"

namespace postern::rest {

struct Url {
  std::string host;  // without brackets
  uint16_t port = 443;

  // "https://host[:port][/]", nothing else. kInvalid with a sentence.
  static Result<Url> Parse(std::string_view text);
  std::string ToString() const;  // "https://host:port"
};

struct ClientOptions {
  std::string url = {};
  // Lower-case hexadecimal SHA-256 of the SubjectPublicKeyInfo. Where it is set, it alone decides: names and
  // dates of the certificate don't count.
  std::string fingerprint = {};
  std::string authority = {};  // file of PEM: trusted instead of the system's roots
  std::string token = {};      // sent as "Authorization: Bearer …"
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{60'000};  // for the peer's next bytes
  size_t body_bytes = 64 << 20;               // of an answer; more is an error
};

struct Call {
  std::string method = "GET";
  std::string path = {};  // as it goes on the wire: use Escape for parts of others' making
  std::vector<std::pair<std::string, std::string>> query = {};  // escaped here
  std::string body = {};
  std::string content_type = "application/json";
  std::string accept = "application/json";
};

struct Reply {
  int status = 0;
  std::string content_type;
  Headers headers;
  std::string body;
};

// One connection a call. Errors: kUnavailable (can't be reached, breaks off, too slow), kDenied (it isn't the
// collector that was pinned, or its certificate isn't trusted; nothing was sent), kExhausted (the answer is
// too large), kInvalid (the options). An answer of any status is a Reply. Thread-safe: calls don't share
// anything.
class Client {
 public:
  static Result<std::unique_ptr<Client>> Make(ClientOptions options);
  ~Client();

  Result<Reply> Send(const Call& call) const;

  // As Send, but a body of 200 is handed over line by line (without the newline) as it arrives, until it ends
  // or `take` returns false. The reply then has no body.
  Result<Reply> Follow(const Call& call, const std::function<bool(std::string_view line)>& take) const;

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Connects without trusting anybody, sends nothing, and says which fingerprint the peer shows: to be compared
// by a person. kUnavailable.
Result<std::string> ShownFingerprint(const Url& url, std::chrono::milliseconds timeout);

}  // namespace postern::rest
