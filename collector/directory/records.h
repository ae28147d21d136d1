// The directory's messages as records of the store, and back. Private to this directory.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/directory/page.h"
#include "collector/store/store.h"
#include "shared/base/result.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

// Of each kind of message: which records hold it, and by what they are found.
template <class T>
struct RecordTraits;

template <>
struct RecordTraits<wire::KeyRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kKey;
  static std::vector<std::string> Labels(const wire::KeyRecord& key);
};
template <>
struct RecordTraits<wire::UserRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kUser;
  static std::vector<std::string> Labels(const wire::UserRecord& user);
};
template <>
struct RecordTraits<wire::TeamRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kTeam;
  static std::vector<std::string> Labels(const wire::TeamRecord& team);
};
template <>
struct RecordTraits<wire::CredentialRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kCredential;
  static std::vector<std::string> Labels(const wire::CredentialRecord&) { return {}; }
};
template <>
struct RecordTraits<wire::AgentRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kAgent;
  static std::vector<std::string> Labels(const wire::AgentRecord&) { return {}; }
};
template <>
struct RecordTraits<wire::AdministratorRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kAdministrator;
  static std::vector<std::string> Labels(const wire::AdministratorRecord& administrator);
};
template <>
struct RecordTraits<wire::EnrolmentTokenRecord> {
  static constexpr store::RecordKind kKind = store::RecordKind::kEnrolmentToken;
  static std::vector<std::string> Labels(const wire::EnrolmentTokenRecord&) { return {}; }
};

template <>
struct RecordTraits<wire::AgentContact> {
  static constexpr store::RecordKind kKind = store::RecordKind::kAgentContact;
  static std::vector<std::string> Labels(const wire::AgentContact&) { return {}; }
};

// Labels. A revoked key is found by its user and team, but doesn't count as one of them.
inline std::string UserLabel(const std::string& user) { return "user:" + user; }
inline std::string LiveLabel(const std::string& user) { return "live:" + user; }
inline std::string TeamLabel(const std::string& team) { return "team:" + team; }
inline std::string OsNameLabel(const std::string& name) { return "os:" + name; }
inline std::string FormerOsNameLabel(const std::string& name) { return "former-os:" + name; }
inline std::string OsGroupLabel(const std::string& group) { return "group:" + group; }
inline constexpr const char* kLastingAdminLabel = "admin:lasting";  // role admin, never expires

template <class T>
Result<T> Decode(const store::Record& record) {
  T message;
  if (!message.ParseFromString(record.bytes))
    return Error{ErrorCode::kCorrupt, "the directory's record \"" + record.id + "\" is damaged"};
  message.set_revision(record.revision);
  return message;
}

// Nothing where there is none; a tombstone is something. Its revision is the record's.
template <class T>
Result<std::optional<T>> Read(store::Store& store, const std::string& id) {
  if (id.empty()) return std::optional<T>();
  ASSIGN_OR_RETURN(const auto record, store.Get(RecordTraits<T>::kKind, id));
  if (!record) return std::optional<T>();
  ASSIGN_OR_RETURN(T message, Decode<T>(*record));
  return std::optional<T>(std::move(message));
}

// As Read, but nothing where it was removed.
template <class T>
Result<std::optional<T>> ReadLive(store::Store& store, const std::string& id) {
  ASSIGN_OR_RETURN(auto found, Read<T>(store, id));
  if (found && found->removed()) found.reset();
  return found;
}

// The message as it shall be; it replaces the revision that it carries, 0 where there is none.
template <class T>
store::Change::Put PutOf(T message) {
  store::Change::Put put;
  put.expected = message.revision();
  message.set_revision(0);
  put.record.kind = RecordTraits<T>::kKind;
  put.record.id = message.id();
  put.record.labels = RecordTraits<T>::Labels(message);
  put.record.bytes = message.SerializeAsString();
  return put;
}

// All with the label, which must be few.
template <class T>
Result<std::vector<T>> ReadAll(store::Store& store, const std::string& label) {
  std::vector<T> all;
  std::optional<store::Cursor> cursor;
  do {
    ASSIGN_OR_RETURN(const auto page,
                     store.List(RecordTraits<T>::kKind, label, cursor, store::Store::kMaxPage));
    for (const store::Record& record : page.records) {
      ASSIGN_OR_RETURN(T message, Decode<T>(record));
      all.push_back(std::move(message));
    }
    cursor = page.next;
  } while (cursor);
  return all;
}

// A page of what `keep` lets through: never an empty one while there are more.
template <class T>
Result<Page<T>> ListPage(store::Store& store, const std::optional<std::string>& label,
                         const PageRequest& request, const std::function<bool(const T&)>& keep) {
  Page<T> page;
  page.next = request.cursor;
  do {
    const size_t limit = std::clamp<size_t>(request.limit, 1, store::Store::kMaxPage);
    ASSIGN_OR_RETURN(const auto records, store.List(RecordTraits<T>::kKind, label, page.next, limit));
    for (const store::Record& record : records.records) {
      ASSIGN_OR_RETURN(T message, Decode<T>(record));
      if (keep(message)) page.items.push_back(std::move(message));
    }
    page.next = records.next;
  } while (page.items.empty() && page.next);
  return page;
}

template <class Field>
void Assign(Field* field, const std::vector<std::string>& values) {
  field->Assign(values.begin(), values.end());
}

// kInvalid for a list that is none, kNotFound where one of them isn't there.
Status CheckCredentials(store::Store& store, const std::vector<std::string>& names);

}  // namespace postern::directory
