#include "shared/http/message.h"

#include <algorithm>
#include <cstring>

namespace postern::http {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool SameLettersIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return x == y || Lower(x) == Lower(y); });
}

void AppendHeaderLine(std::string& out, std::string_view name, std::string_view value) {
  const size_t before = out.size();
  out.resize(before + name.size() + value.size() + 4);
  char* at = out.data() + before;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  std::memcpy(at, ": ", 2);
  at += 2;
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  at += value.size();
  std::memcpy(at, "\r\n", 2);
}

std::optional<std::string_view> Head::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualsIgnoringCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

size_t Head::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(
      headers.begin(), headers.end(), [&](const Header& h) { return EqualsIgnoringCase(h.name, name); }));
}

}  // namespace postern::http
