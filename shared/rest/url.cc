#include <charconv>

#include "shared/rest/client.h"

namespace postern::rest {
namespace {

Error Wrong() {
  return {ErrorCode::kInvalid,
          "a collector's address has the form https://HOST[:PORT], and nothing after it"};
}

bool IsHost(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == ':' || c == '_';
    if (!good) return false;
  }
  return true;
}

}  // namespace

Result<Url> Url::Parse(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return Wrong();
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  Url url;
  size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return Wrong();
    url.host = text.substr(1, end - 1);
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    url.host = text.substr(0, end);
  }
  if (!IsHost(url.host)) return Wrong();
  std::string_view rest = text.substr(end);
  if (rest.empty()) return url;
  if (!rest.starts_with(':')) return Wrong();
  rest.remove_prefix(1);
  const auto [last, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), url.port);
  if (problem != std::errc{} || last != rest.data() + rest.size() || url.port == 0) return Wrong();
  return url;
}

std::string Url::ToString() const {
  const bool numbers = host.find(':') != std::string::npos;
  return "https://" + (numbers ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace postern::rest
