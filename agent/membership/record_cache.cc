#include "agent/membership/record_cache.h"

#include <algorithm>
#include <utility>

#include "shared/tokens/token.h"

namespace postern::membership {
namespace {

// When there is no more room, so much of all goes at once, so that it isn't looked for with each new one.
constexpr size_t kShareThatGoes = 16;

std::vector<std::string> ToVector(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

}  // namespace

std::shared_ptr<const Key> MakeKey(const wire::KeyRecord& record, std::vector<uid_t> os_uids) {
  auto key = std::make_shared<Key>();
  if (!tokens::IsId(record.id()) || record.secret_sha256().size() != key->record.secret_hash.size())
    return nullptr;
  key->record.id = KeyId{record.id()};
  std::copy(record.secret_sha256().begin(), record.secret_sha256().end(), key->record.secret_hash.begin());
  key->record.principal = {record.user(), record.team(), record.organisation()};
  key->record.label = record.label();
  key->record.created = std::chrono::sys_seconds(std::chrono::seconds(record.created()));
  if (record.expires() != 0)
    key->record.expires = std::chrono::sys_seconds(std::chrono::seconds(record.expires()));
  key->record.disabled = record.disabled() || record.revoked();
  key->record.hosts = ToVector(record.hosts());
  key->record.os_users = ToVector(record.os_users());
  key->record.os_uids = std::move(os_uids);
  key->revoked = record.revoked();
  key->credentials = ToVector(record.credentials());
  key->sentence = record.sentence();
  return key;
}

bool RecordCache::TakeKey(const wire::KeyRecord& record, std::vector<uid_t> os_uids, Origin origin) {
  auto key = MakeKey(record, std::move(os_uids));
  if (key == nullptr) return false;
  const auto found = keys_.find(record.id());
  if (found != keys_.end()) {
    const wire::KeyRecord& known = found->second.record;
    // Of one revision there may be two views: the one that takes something away is the later.
    if (known.revision() > record.revision() || (known.revoked() && !record.revoked())) return false;
  }
  if (record.revoked() || record.disabled()) NoteRevocation(record.revision());
  NoteRevision(record.revision());
  if (found == keys_.end()) MakeRoomForKeys();
  KeyEntry& entry = keys_[record.id()];
  entry.key = std::move(key);
  entry.record = record;
  entry.used = ++uses_;
  entry.confirmed = origin == Origin::kCollector ? conversation_ : 0;
  unknown_keys_.erase(record.id());
  return true;
}

void RecordCache::TakeUnknownKey(const std::string& id, BootTime now) {
  const auto found = keys_.find(id);
  if (found != keys_.end()) {
    // A collector that has lost a revoked key doesn't make it whole again.
    if (found->second.record.revoked()) return;
    keys_.erase(found);
    forgotten_.keys.push_back(id);
  }
  if (unknown_keys_.size() >= limits_.unknown_keys) {
    std::erase_if(unknown_keys_, [&](const auto& each) { return each.second.until <= now; });
    if (unknown_keys_.size() >= limits_.unknown_keys) unknown_keys_.clear();
  }
  unknown_keys_[id] = {conversation_, now + limits_.unknown_for};
}

void RecordCache::TakeOsUser(const wire::OsPrincipal& user, uint64_t revision, Origin origin) {
  if (!user.known()) NoteRevocation(revision);
  if (!os_users_.contains(user.uid())) MakeRoomForOsUsers();
  OsUserEntry& entry = os_users_[user.uid()];
  entry.user.reset();
  entry.record = user;
  if (user.known()) {
    entry.user = std::make_shared<OsUserPrincipal>(
        OsUserPrincipal{{user.user(), user.team(), user.organisation()}, ToVector(user.credentials())});
  }
  entry.confirmed = origin == Origin::kCollector ? conversation_ : 0;
  entry.used = ++uses_;
}

void RecordCache::BeginConversation() {
  ++conversation_;
  conversing_ = true;
}

Certainty RecordCache::CertaintyOf(uint64_t confirmed) const {
  if (confirmed != conversation_) return Certainty::kRemembered;
  return conversing_ ? Certainty::kConfirmed : Certainty::kLately;
}

KeyAnswer RecordCache::FindKey(std::string_view id, BootTime now) {
  if (const auto found = keys_.find(id); found != keys_.end()) {
    KeyEntry& entry = found->second;
    entry.used = ++uses_;
    // A tombstone needs nobody to confirm it.
    return {entry.key->revoked ? Certainty::kConfirmed : CertaintyOf(entry.confirmed), entry.key};
  }
  const auto unknown = unknown_keys_.find(id);
  if (unknown == unknown_keys_.end()) return {};
  if (CertaintyOf(unknown->second.confirmed) == Certainty::kConfirmed && now < unknown->second.until)
    return {Certainty::kConfirmed, nullptr};
  unknown_keys_.erase(unknown);
  return {};
}

OsUserAnswer RecordCache::FindOsUser(uid_t uid) {
  const auto found = os_users_.find(uid);
  if (found == os_users_.end()) return {};
  found->second.used = ++uses_;
  return {CertaintyOf(found->second.confirmed), found->second.user};
}

std::vector<wire::KeyRecord> RecordCache::Tombstones(size_t most) const {
  std::vector<wire::KeyRecord> tombstones;
  for (const auto& [id, entry] : keys_) {
    if (tombstones.size() == most) break;
    if (entry.record.revoked() && !entry.record.tombstone().empty()) tombstones.push_back(entry.record);
  }
  return tombstones;
}

std::optional<wire::KeyRecord> RecordCache::RecordOf(std::string_view id) const {
  const auto found = keys_.find(id);
  if (found == keys_.end()) return std::nullopt;
  return found->second.record;
}

std::vector<wire::KeyRecord> RecordCache::KeyRecords() const {
  std::vector<wire::KeyRecord> records;
  records.reserve(keys_.size());
  for (const auto& [id, entry] : keys_) records.push_back(entry.record);
  return records;
}

std::vector<wire::OsPrincipal> RecordCache::OsPrincipals() const {
  std::vector<wire::OsPrincipal> records;
  records.reserve(os_users_.size());
  for (const auto& [uid, entry] : os_users_) records.push_back(entry.record);
  return records;
}

RecordCache::Forgotten RecordCache::TakeForgotten() { return std::exchange(forgotten_, {}); }

void RecordCache::MakeRoomForKeys() {
  if (keys_.size() < limits_.keys) return;
  std::vector<std::pair<std::pair<bool, uint64_t>, std::string>> all;
  all.reserve(keys_.size());
  for (const auto& [id, entry] : keys_) all.push_back({{entry.key->revoked, entry.used}, id});
  const auto end = all.begin() + static_cast<ptrdiff_t>(all.size() / kShareThatGoes + 1);
  std::nth_element(all.begin(), end - 1, all.end());
  for (auto each = all.begin(); each != end; ++each) {
    keys_.erase(each->second);
    forgotten_.keys.push_back(std::move(each->second));
  }
}

void RecordCache::MakeRoomForOsUsers() {
  if (os_users_.size() < limits_.os_users) return;
  const auto oldest = std::min_element(os_users_.begin(), os_users_.end(), [](const auto& a, const auto& b) {
    return a.second.used < b.second.used;
  });
  forgotten_.os_users.push_back(oldest->first);
  os_users_.erase(oldest);
}

}  // namespace postern::membership
