#include "agent/gate/loopback_guard.h"

#include <algorithm>
#include <cctype>

namespace postern::gate {
namespace {

bool IsJson(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ') || content_type.ends_with('\t')) content_type.remove_suffix(1);
  return http::EqualsIgnoringCase(content_type, "application/json");
}

// Whether only a browser sends this header.
bool IsOfBrowsers(const http::Header& header) {
  constexpr std::string_view kMetadata = "sec-fetch-";
  if (http::EqualsIgnoringCase(header.name, "origin")) return true;
  if (http::EqualsIgnoringCase(header.name, "sec-fetch-mode")) return header.value != "cors";
  return http::EqualsIgnoringCase(header.name.substr(0, kMetadata.size()), kMetadata);
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host.size() < name.size() || !http::EqualsIgnoringCase(host.substr(0, name.size()), name)) continue;
    const std::string_view rest = host.substr(name.size());
    if (rest.empty()) return true;
    if (rest.front() != ':' || rest.size() < 2 || rest.size() > 6) continue;
    return std::all_of(rest.begin() + 1, rest.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  }
  return false;
}

std::optional<Refusal> GuardLoopback(const http::Head& head) {
  // HTTP/1.0 clients may leave Host out; browsers never do.
  if (const auto host = head.Find("host"); host && !IsLoopbackHost(*host)) {
    return Refusal{Reason::kForeignHost, "This gate answers only to localhost, 127.0.0.1 and [::1]."};
  }
  if (std::any_of(head.headers.begin(), head.headers.end(), IsOfBrowsers)) {
    return Refusal{Reason::kWebPage, "This gate is not for web pages."};
  }
  if (head.method == "POST" && (head.Count("content-type") != 1 || !IsJson(*head.Find("content-type")))) {
    return Refusal{Reason::kNotJson, "A POST to this gate has the content type application/json."};
  }
  return std::nullopt;
}

}  // namespace postern::gate
