#include "shared/http/plain_head.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace postern::http {
namespace {

using Set = std::array<bool, 256>;

constexpr Set LettersDigitsAnd(std::string_view others) {
  Set set{};
  for (char c = 'a'; c <= 'z'; ++c) set[static_cast<size_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<size_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) set[static_cast<size_t>(c)] = true;
  for (const char c : others) set[static_cast<size_t>(c)] = true;
  return set;
}

constexpr Set kName = LettersDigitsAnd("-_");
constexpr Set kTarget = LettersDigitsAnd("/-_.~?=&%");
constexpr Set kReason = LettersDigitsAnd(" -");

bool AllIn(const Set& set, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

constexpr uint64_t Repeated(uint8_t byte) { return 0x0101010101010101U * byte; }

// Whether all bytes are from the space to the tilde.
bool IsPrintable(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const uint64_t below_space = (word - Repeated(' ')) & ~word;
    const uint64_t deleted = word ^ Repeated(0x7f);
    if (((word | below_space | ((deleted - Repeated(1)) & ~deleted)) & Repeated(0x80)) != 0) return false;
  }
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(at), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

// Takes a line that ends in CR LF. Other control characters in it are for the caller to find.
bool TakeLine(std::string_view& bytes, std::string_view& line) {
  const void* const found = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\r', bytes.size());
  if (found == nullptr) return false;
  const auto end = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
  if (end + 1 == bytes.size() || bytes[end + 1] != '\n') return false;
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return true;
}

bool ReadRequestLine(std::string_view line, Head& head) {
  constexpr std::string_view kEnd = " HTTP/1.1";
  const size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos || !line.ends_with(kEnd)) return false;
  head.method = line.substr(0, method_end);
  if (head.method != "POST" && head.method != "GET" && head.method != "HEAD") return false;
  if (line.size() <= method_end + 1 + kEnd.size()) return false;
  head.target = line.substr(method_end + 1, line.size() - method_end - 1 - kEnd.size());
  head.status = 0;
  head.reason = {};
  return head.target.front() == '/' && AllIn(kTarget, head.target);
}

// Only those whose body goes by its length.
bool ReadStatusLine(std::string_view line, Head& head) {
  constexpr std::string_view kBegin = "HTTP/1.1 ";
  constexpr size_t kReasonAt = kBegin.size() + 4;
  if (!line.starts_with(kBegin) || line.size() <= kReasonAt || line[kReasonAt - 1] != ' ') return false;
  head.status = 0;
  for (const char c : line.substr(kBegin.size(), 3)) {
    if (c < '0' || c > '9') return false;
    head.status = head.status * 10 + (c - '0');
  }
  head.method = {};
  head.target = {};
  head.reason = line.substr(kReasonAt);
  if (head.reason.front() == ' ' || head.reason.back() == ' ') return false;
  return head.status >= 200 && head.status <= 599 && head.status != 204 && head.status != 304 &&
         AllIn(kReason, head.reason);
}

bool ReadHeaderLine(std::string_view line, Header& header) {
  const void* const found = std::memchr(line.data(), ':', line.size());
  if (found == nullptr) return false;
  header.name = line.substr(0, static_cast<size_t>(static_cast<const char*>(found) - line.data()));
  header.value = line.substr(header.name.size() + 1);
  if (header.value.size() < 2 || header.value[0] != ' ' || header.value[1] == ' ' ||
      header.value.back() == ' ')
    return false;
  header.value.remove_prefix(1);
  return !header.name.empty() && AllIn(kName, header.name) && IsPrintable(header.value);
}

// Takes note of what a header says of the body and the connection; false where that is not for here.
bool Heed(const Header& header, Head& head) {
  constexpr size_t kMostDigits = 15;
  switch (header.name.size()) {
    case 7: return !EqualsIgnoringCase(header.name, "upgrade");
    case 10:
      return !EqualsIgnoringCase(header.name, "connection") || EqualsIgnoringCase(header.value, "keep-alive");
    case 14: break;
    case 16: return !EqualsIgnoringCase(header.name, "proxy-connection");
    case 17: return !EqualsIgnoringCase(header.name, "transfer-encoding");
    default: return true;
  }
  if (!EqualsIgnoringCase(header.name, "content-length")) return true;
  if (head.framing == Framing::kLength || header.value.size() > kMostDigits) return false;
  head.framing = Framing::kLength;
  for (const char c : header.value) {
    if (c < '0' || c > '9') return false;
    head.content_length = head.content_length * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

}  // namespace

size_t ReadPlainHead(MessageParser::Role role, std::string_view bytes, Head& head) {
  const bool is_request = role == MessageParser::Role::kRequests;
  std::string_view rest = bytes;
  std::string_view line;
  if (!TakeLine(rest, line) || !(is_request ? ReadRequestLine(line, head) : ReadStatusLine(line, head)))
    return 0;
  head.minor_version = 1;
  head.keep_alive = true;
  head.framing = Framing::kNone;
  head.content_length = 0;
  head.headers.clear();
  for (;;) {
    if (!TakeLine(rest, line)) return 0;
    if (line.empty()) break;
    Header& header = head.headers.emplace_back();
    if (!ReadHeaderLine(line, header) || !Heed(header, head)) return 0;
  }
  if (!is_request && head.framing != Framing::kLength) return 0;
  return bytes.size() - rest.size();
}

}  // namespace postern::http
