#include "agent/membership/key_users.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "agent/identity/user_names.h"

namespace postern::membership {
namespace {

bool IsNumber(const std::string& text) {
  uid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool NeedsLookUp(const wire::KeyRecord& key) {
  return !key.disabled() && !key.revoked() &&
         !std::all_of(key.os_users().begin(), key.os_users().end(), IsNumber);
}

std::vector<uid_t> UidsOf(const wire::KeyRecord& key) {
  if (key.disabled() || key.revoked()) return {};
  return identity::FindUids({key.os_users().begin(), key.os_users().end()});
}

}  // namespace postern::membership
