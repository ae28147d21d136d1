#include "agent/identity/user_names.h"

#include <cerrno>
#include <charconv>

#include <grp.h>
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

std::optional<std::string> GroupName(gid_t gid) {
  std::vector<char> buffer;
  for (buffer.resize(4096); buffer.size() <= kLargestEntry; buffer.resize(buffer.size() * 2)) {
    group entry;
    group* found = nullptr;
    const int error = getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found);
    if (error == 0) return found == nullptr ? std::nullopt : std::optional<std::string>(found->gr_name);
    if (error != ERANGE) break;
  }
  return std::nullopt;
}

std::vector<gid_t> GroupsOf(const passwd& user, size_t most) {
  std::vector<gid_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    const bool whole = getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) >= 0;
    if (whole) groups.resize(static_cast<size_t>(count));
    if (whole || groups.size() >= most) break;
    groups.resize(groups.size() * 2);
  }
  if (groups.size() > most) groups.resize(most);
  return groups;
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

OsAccount FindAccount(uid_t uid, size_t most_groups) {
  OsAccount account{.uid = uid, .name = std::to_string(uid), .groups = {}};
  std::vector<char> buffer;
  const auto entry = FindEntry(buffer, [&](passwd* into, char* text, size_t size, passwd** found) {
    return getpwuid_r(uid, into, text, size, found);
  });
  if (!entry) return account;
  account.name = entry->pw_name;
  for (const gid_t gid : GroupsOf(*entry, most_groups)) {
    if (auto name = GroupName(gid)) account.groups.push_back(*std::move(name));
  }
  return account;
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
