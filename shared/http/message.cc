#include "shared/http/message.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace postern::http {
namespace {

constexpr uint64_t Repeated(uint8_t byte) { return 0x0101010101010101U * byte; }

template <class T>
uint64_t Load(const char* bytes) {
  T word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Whether the bytes of two words are the same but for the case of ASCII letters.
bool SameWord(uint64_t a, uint64_t b) {
  const uint64_t differing = a ^ b;
  if (differing == 0) return true;
  if ((differing & ~Repeated(0x20)) != 0) return false;
  // The top bit of each byte that is a lower-case letter; without it, no sum carries into the next byte.
  const uint64_t lower = a | Repeated(0x20);
  const uint64_t seven = lower & Repeated(0x7f);
  const uint64_t from_a = seven + Repeated(0x80 - 'a');
  const uint64_t beyond_z = seven + Repeated(0x80 - 'z' - 1);
  const uint64_t letters = from_a & ~beyond_z & ~lower & Repeated(0x80);
  return (differing & ~(letters >> 2)) == 0;
}

}  // namespace

// Words at a time; the last one of those that don't fill one begins before its place and is looked at twice.
bool SameLettersIgnoringCase(std::string_view a, std::string_view b) {
  const size_t size = a.size();
  const auto same = [&]<class T>(size_t at, T) {
    return SameWord(Load<T>(a.data() + at), Load<T>(b.data() + at));
  };
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) {
      if (!same(at, uint64_t{})) return false;
    }
    return same(size - 8, uint64_t{});
  }
  if (size >= 4) return same(0, uint32_t{}) && same(size - 4, uint32_t{});
  for (size_t at = 0; at < size; ++at) {
    if (!same(at, uint8_t{})) return false;
  }
  return true;
}

void AppendHeaderLine(std::string& out, std::string_view name, std::string_view value) {
  const size_t before = out.size();
  out.resize(before + name.size() + value.size() + 4);
  char* at = out.data() + before;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  *at++ = ':';
  *at++ = ' ';
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  at += value.size();
  *at++ = '\r';
  *at = '\n';
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
