#include "agent/gate/forwarding.h"

#include <algorithm>
#include <array>

namespace postern::gate {
namespace {

using http::EqualsIgnoringCase;

constexpr std::array<std::string_view, 8> kBetweenNeighbours = {
    "connection", "keep-alive", "proxy-connection",  "proxy-authorization",
    "te",         "trailer",    "transfer-encoding", "upgrade"};
constexpr std::array<std::string_view, 7> kOurs = {
    "host", "content-length", "expect", "accept-encoding", "authorization", "x-api-key", "x-postern-key"};

template <size_t kCount>
bool IsOneOf(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return EqualsIgnoringCase(other, name); });
}

// Whether a Connection header names this one, and so keeps it between two neighbours.
bool IsNamedByConnection(const http::Head& head, std::string_view name) {
  for (const http::Header& header : head.headers) {
    if (!EqualsIgnoringCase(header.name, "connection")) continue;
    std::string_view options = header.value;
    while (!options.empty()) {
      std::string_view option = options.substr(0, options.find(','));
      options.remove_prefix(std::min(option.size() + 1, options.size()));
      while (option.starts_with(' ') || option.starts_with('\t')) option.remove_prefix(1);
      while (option.ends_with(' ') || option.ends_with('\t')) option.remove_suffix(1);
      if (EqualsIgnoringCase(option, name)) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<size_t> HeadersThatGoOn(const http::Head& client) {
  std::vector<size_t> places;
  places.reserve(client.headers.size());
  const bool has_connection = client.Find("connection").has_value();
  for (size_t i = 0; i < client.headers.size(); ++i) {
    const std::string_view name = client.headers[i].name;
    if (IsOneOf(kOurs, name) || IsOneOf(kBetweenNeighbours, name)) continue;
    if (!has_connection || !IsNamedByConnection(client, name)) places.push_back(i);
  }
  return places;
}

void AppendUpstreamHead(std::string& out, const http::Head& client, const std::vector<size_t>& places,
                        const Destination& destination, std::string_view credential_line,
                        uint64_t body_bytes) {
  // Room for all of it, so that no piece of it is left behind where the text grew.
  size_t room = 512 + client.target.size() + destination.host.size() + destination.target_prefix.size() +
                destination.extra_lines.size() + credential_line.size();
  for (const http::Header& header : client.headers) room += header.name.size() + header.value.size() + 4;
  out.reserve(out.size() + room);
  out.append(client.method)
      .append(" ")
      .append(destination.target_prefix)
      .append(client.target)
      .append(" HTTP/1.1\r\n");
  http::AppendHeaderLine(out, "host", destination.host);
  for (const size_t place : places)
    http::AppendHeaderLine(out, client.headers[place].name, client.headers[place].value);
  out.append(destination.extra_lines).append(credential_line);
  http::AppendHeaderLine(out, "accept-encoding", "identity");
  if (body_bytes > 0 || client.method == "POST")
    http::AppendHeaderLine(out, "content-length", std::to_string(body_bytes));
  out.append("\r\n");
}

std::vector<http::Header> AnswerHeaders(const http::Head& upstream) {
  std::vector<http::Header> headers;
  headers.reserve(upstream.headers.size() + 1);
  const bool has_connection = upstream.Find("connection").has_value();
  for (const http::Header& header : upstream.headers) {
    if (EqualsIgnoringCase(header.name, "content-length") || IsOneOf(kBetweenNeighbours, header.name))
      continue;
    if (has_connection && IsNamedByConnection(upstream, header.name)) continue;
    headers.push_back(header);
  }
  return headers;
}

}  // namespace postern::gate
