// keys.yaml: the virtual keys of a lone host, as hashes. A list with one entry a key:
//
//   - id: k7x2m9q4w8ab
//     sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//     user: alice@example.com
//     team: platform                      # optional, as is all that follows but `created`
//     organisation: example
//     label: laptop
//     created: 2026-11-23T22:18:55Z
//     expires: 2027-11-23T22:18:55Z
//     disabled: true
//     hosts: [build-7]                    # only on these hosts
//     os_users: [alice, "1000"]           # only from programs of these users of the host
//
// Reading fails closed: one wrong entry and the whole file is refused, with its line.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "agent/identity/principal.h"
#include "shared/base/ids.h"
#include "shared/base/result.h"
#include "shared/crypto/sha256.h"

namespace postern::identity {

struct KeyRecord {
  KeyId id;
  crypto::Digest secret_hash{};
  Principal principal;
  std::string label;
  std::chrono::sys_seconds created{};
  std::optional<std::chrono::sys_seconds> expires;  // refused from this second on
  bool disabled = false;
  std::vector<std::string> hosts;     // empty: any
  std::vector<std::string> os_users;  // names or numbers; empty: any
  std::vector<uid_t> os_uids;         // those of os_users that this machine knows

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

// What a keys.yaml holds, in file order. Never changes: a changed file is a new table. Thread-compatible.
class KeyTable {
 public:
  KeyTable() = default;
  // kNotFound where the file can't be opened, kInvalid for anything wrong in it.
  static Result<KeyTable> Load(const std::filesystem::path& path);
  static Result<KeyTable> Parse(std::string_view text, std::string_view name);

  const std::vector<KeyRecord>& records() const { return records_; }
  // Null where there is no such key. Lives as long as the table.
  const KeyRecord* Find(std::string_view id) const;

 private:
  explicit KeyTable(std::vector<KeyRecord> records);
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::vector<KeyRecord> records_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> by_id_;
};

// "2026-11-23T22:18:55Z"
std::string FormatTime(std::chrono::sys_seconds time);
// The same, or a date alone ("2026-11-23": its first second, UTC). Nothing for anything else.
std::optional<std::chrono::sys_seconds> ParseTime(std::string_view text);

}  // namespace postern::identity
