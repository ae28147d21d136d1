// What travels over the collector's HTTPS API, as plain data, and the one shape of its errors:
//
//   {"error": {"code": "not_found", "message": "there is no key k7x2m9q4w8ab"}}
//
// The code is the name of one of the six error codes; the status follows from it unless somebody knows better
// (401, 409, 413, 429).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace postern::rest {

// Names in small letters. A name that is given twice has its values joined by ", " (RFC 9110 §5.3).
using Headers = std::map<std::string, std::string, std::less<>>;

// Decoded; a name may come more than once.
using Query = std::multimap<std::string, std::string, std::less<>>;

struct Request {
  std::string method;                 // "GET", …
  std::string path;                   // as it came: begins with "/", without the query
  std::vector<std::string> segments;  // "/v1/users/a%2Fb" → "v1", "users", "a/b"; no control characters
  Query query;
  Headers headers;
  std::string body;
  std::string source;  // the peer's address, without its port

  // The header's value, "" where there is none.
  std::string_view Header(std::string_view name) const;
  // The token of "Authorization: Bearer …", "" where there is none.
  std::string_view Bearer() const;
};

// Where a streamed answer goes. Owned by the thread that answers.
class Stream {
 public:
  virtual ~Stream() = default;
  // Sends the bytes at once. kUnavailable when the client is gone, takes nothing for too long, or the server
  // stops: the answer then ends.
  virtual Status Write(std::string_view bytes) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // Instead of `body`, where it is set: called once, after the head was sent.
  std::function<void(Stream&)> stream;
};

// A JSON answer, an error's answer, and the status of an error whose kind says it all: invalid 400, denied
// 403, not_found 404, exhausted 429, unavailable 503, corrupt 500.
Response Json(int status, std::string body);
Response Refusal(int status, std::string_view code, std::string_view message);
Response Refusal(const Error& error);
int StatusOf(ErrorCode code);

// The error that an answer of 400 and above tells of: its own code and message where it has our shape, or a
// sentence about its status.
Error ErrorOf(int status, std::string_view body);

// "a b/ü" → "a%20b%2F%C3%BC": a part of a path or a query (RFC 3986, all but unreserved characters).
std::string Escape(std::string_view part);

}  // namespace postern::rest
