// What of a head goes on to the other side. Pure.
//
// Towards the provider everything passes as it came, in its order and spelling, but for:
//   - what is between two neighbours only (RFC 9110 §7.6.1): Connection and what it names, Keep-Alive,
//   Proxy-*, TE, Trailer,
//     Transfer-Encoding, Upgrade; and Expect, which has been met here
//   - Host, Content-Length: ours
//   - the client's credentials: x-postern-key, Authorization, x-api-key give way to the provider credential
//   - Accept-Encoding: identity, since a compressed answer would blind the meter
// Towards the client the same without the last three; Content-Length is set anew from the framing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/http/message.h"

namespace postern::gate {

// Where requests go and what goes in front of their target.
struct Destination {
  std::string host;           // the Host header
  std::string target_prefix;  // in front of the request's target: a path, or a whole URL for a plain proxy
  std::string extra_lines;    // whole header lines with their ends, such as Proxy-Authorization
};

// Which of the client's headers go on to the provider, by their places.
std::vector<size_t> HeadersThatGoOn(const http::Head& client);

// The head of the request to the provider, with its blank line; `places` are those that go on,
// `credential_line` is a whole header line with its end, and is the only secret in it. Appended to `out`,
// whose owner wipes it.
void AppendUpstreamHead(std::string& out, const http::Head& client, const std::vector<size_t>& places,
                        const Destination& destination, std::string_view credential_line,
                        uint64_t body_bytes);

// The headers of the provider's answer that the client gets; views into `upstream`.
std::vector<http::Header> AnswerHeaders(const http::Head& upstream);

}  // namespace postern::gate
