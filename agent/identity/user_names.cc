#include "agent/identity/user_names.h"

#include <cerrno>
#include <charconv>

#include <pwd.h>

namespace postern::identity {
namespace {

// More than any real entry; a directory service that sends more is answered with "unknown".
constexpr size_t kLargestEntry = 1 << 20;

// Calls getpwnam_r or getpwuid_r with room enough.
template <class LookUp>
std::optional<passwd> FindEntry(std::vector<char>& buffer, LookUp look_up) {
  for (buffer.resize(4096); buffer.size() <= kLargestEntry; buffer.resize(buffer.size() * 2)) {
    passwd entry;
    passwd* found = nullptr;
    const int error = look_up(&entry, buffer.data(), buffer.size(), &found);
    if (error == 0 && found != nullptr) return entry;
    if (error != ERANGE) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uid_t> FindUid(const std::string& name_or_number) {
  uid_t number = 0;
  const char* const last = name_or_number.data() + name_or_number.size();
  const auto [end, error] = std::from_chars(name_or_number.data(), last, number);
  if (error == std::errc{} && end == last) return number;
  std::vector<char> buffer;
  const auto entry = FindEntry(buffer, [&](passwd* into, char* text, size_t size, passwd** found) {
    return getpwnam_r(name_or_number.c_str(), into, text, size, found);
  });
  return entry ? std::optional(entry->pw_uid) : std::nullopt;
}

std::vector<uid_t> FindUids(const std::vector<std::string>& names_or_numbers) {
  std::vector<uid_t> uids;
  for (const std::string& name : names_or_numbers) {
    if (const auto uid = FindUid(name)) uids.push_back(*uid);
  }
  return uids;
}

std::string UserNames::NameOf(uid_t uid) {
  if (auto name = Remembered(uid)) return *std::move(name);
  std::vector<char> buffer;
  const auto entry = FindEntry(buffer, [&](passwd* into, char* text, size_t size, passwd** found) {
    return getpwuid_r(uid, into, text, size, found);
  });
  std::string name = entry ? entry->pw_name : std::to_string(uid);
  names_.With([&](auto& names) { names.emplace(uid, name); });
  return name;
}

std::optional<std::string> UserNames::Remembered(uid_t uid) const {
  return names_.With([&](const auto& names) -> std::optional<std::string> {
    const auto found = names.find(uid);
    return found == names.end() ? std::nullopt : std::optional(found->second);
  });
}

}  // namespace postern::identity
