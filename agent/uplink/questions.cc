#include "agent/uplink/questions.h"

#include <algorithm>

namespace postern::uplink {

Status Questions::Add(const std::vector<std::string>& keys, const std::vector<wire::OsIdentity>& users) {
  if (size() + keys.size() + users.size() > kMost)
    return Error{ErrorCode::kExhausted, "too many questions wait for the collector's answer"};
  for (const std::string& key : keys) keys_.try_emplace(key, BootTime{});
  for (const wire::OsIdentity& user : users)
    users_.try_emplace(User{user.uid(), user.name()}, AskedUser{user, BootTime{}});
  return Ok{};
}

void Questions::Forget() {
  for (auto& [key, again_at] : keys_) again_at = {};
  for (auto& [user, asked] : users_) asked.again_at = {};
}

std::optional<wire::Query> Questions::Next(BootTime now) {
  wire::Query query;
  for (auto& [key, again_at] : keys_) {
    if (query.key_ids_size() == wire::kMaxQueryKeys) break;
    if (again_at > now) continue;
    query.add_key_ids(key);
    again_at = now + kAnswerWithin;
  }
  for (auto& [user, asked] : users_) {
    if (query.os_users_size() == wire::kMaxQueryUsers) break;
    if (asked.again_at > now) continue;
    *query.add_os_users() = asked.identity;
    asked.again_at = now + kAnswerWithin;
  }
  if (query.key_ids_size() + query.os_users_size() == 0) return std::nullopt;
  return query;
}

void Questions::OnAnswer(const wire::Directory& directory) {
  for (const wire::KeyRecord& key : directory.keys()) keys_.erase(key.id());
  for (const std::string& key : directory.unknown_keys()) keys_.erase(key);
  for (const wire::OsPrincipal& user : directory.os_users()) users_.erase({user.uid(), user.name()});
}

std::optional<BootTime> Questions::due() const {
  std::optional<BootTime> first;
  const auto consider = [&](BootTime time) { first = first ? std::min(*first, time) : time; };
  for (const auto& [key, again_at] : keys_) consider(again_at);
  for (const auto& [user, asked] : users_) consider(asked.again_at);
  return first;
}

}  // namespace postern::uplink
