#include "collector/directory/names.h"

#include <algorithm>
#include <set>

#include "shared/tokens/token.h"
#include "shared/wire/event.h"

namespace postern::directory {
namespace {

constexpr size_t kMaxList = 64;
constexpr std::string_view kSmall = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

Error Invalid(std::string sentence) { return {ErrorCode::kInvalid, std::move(sentence)}; }

bool ConsistsOf(std::string_view text, std::string_view letters) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return letters.find(c) != letters.npos; });
}

bool IsLetterOrDigit(char c) { return kSmall.find(c) != kSmall.npos || kCapitals.find(c) != kCapitals.npos; }

bool IsUserId(std::string_view id) {
  static const std::string letters = std::string(kSmall).append(kCapitals).append(".@_+-");
  return !id.empty() && id.size() <= 128 && IsLetterOrDigit(id.front()) && ConsistsOf(id, letters);
}

bool IsName(std::string_view name) {
  static const std::string letters = std::string(kSmall).append("._-");
  return !name.empty() && name.size() <= 64 && IsLetterOrDigit(name.front()) && ConsistsOf(name, letters);
}

}  // namespace

Status CheckUserId(std::string_view id) {
  if (IsUserId(id)) return Ok{};
  return Invalid("a user's id has 1 to 128 letters, digits and . @ _ + -, the first a letter or digit");
}

Status CheckName(std::string_view name, std::string_view what) {
  if (IsName(name)) return Ok{};
  return Invalid(std::string(what) +
                 " has 1 to 64 small letters, digits and . _ -, the first a letter or digit");
}

Status CheckText(std::string_view text, std::string_view what, size_t most) {
  const bool plain = std::none_of(text.begin(), text.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (text.size() <= most && plain && wire::IsUtf8(text)) return Ok{};
  return Invalid(std::string(what) + " has at most " + std::to_string(most) +
                 " bytes of UTF-8 without control characters");
}

Status CheckHost(std::string_view host) {
  static const std::string letters = std::string(kSmall).append(kCapitals).append("._-");
  if (!host.empty() && host.size() <= 253 && IsLetterOrDigit(host.front()) && ConsistsOf(host, letters))
    return Ok{};
  return Invalid("a host's name has 1 to 253 letters, digits and . _ -, the first a letter or digit");
}

Status CheckOsName(std::string_view name) {
  const bool visible =
      std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
  if (!name.empty() && name.size() <= 64 && visible) return Ok{};
  return Invalid("a name of the operating system has 1 to 64 visible ASCII characters and no comma");
}

Status CheckExpiry(int64_t expires, int64_t now) {
  if (expires == 0) return Ok{};
  if (expires <= now) return Invalid("the time of expiry must lie in the future");
  if (expires > kLatestTime) return Invalid("the time of expiry must lie before the year 10000");
  return Ok{};
}

Status CheckList(const std::vector<std::string>& list, std::string_view what,
                 Status (*check)(std::string_view)) {
  if (list.size() > kMaxList) return Invalid("there can be at most 64 " + std::string(what));
  std::set<std::string_view> seen;
  for (const std::string& item : list) {
    RETURN_IF_ERROR(check(item));
    if (!seen.insert(item).second)
      return Invalid("one of the " + std::string(what) + " is named twice: \"" + item + "\"");
  }
  return Ok{};
}

bool IsRecordable(std::string_view id) { return IsUserId(id) && Presentable(id) == id; }

std::string Presentable(std::string_view text) {
  std::string shown = tokens::Redacted(text);
  for (size_t at = 0; (at = shown.find("sk-", at)) != shown.npos; at += 3) {
    if (at > 0 && IsLetterOrDigit(shown[at - 1])) continue;
    const size_t end = shown.find_first_of("/?& ", at);
    if (std::min(end, shown.size()) - at < 20) continue;  // a name of something may begin like that
    shown.replace(at + 3, std::min(end, shown.size()) - at - 3, "…");
  }
  return shown;
}

Error NoSuch(std::string_view what, std::string_view id) {
  std::string sentence = "there is no such " + std::string(what);
  if (IsRecordable(id)) sentence += ": \"" + std::string(id) + "\"";
  return {ErrorCode::kNotFound, std::move(sentence)};
}

Error Taken(std::string_view what, const std::string& id) {
  return {ErrorCode::kDenied, "there is a " + std::string(what) + " \"" + id + "\" already"};
}

}  // namespace postern::directory
