// What a collector knows of a few keys, and all that it can say of them, for tests in which its words arrive
// late, twice or in another order.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/agent/membership/enrolled.h"

namespace postern::membership {

inline constexpr int kKeys = 4;

inline std::string IdOf(int key) { return "k0000000000" + std::to_string(key); }

// Thread-compatible.
class Truth {
 public:
  enum class Fate { kActive, kDisabled, kRevoked };

  void Change(int key, Fate fate) {
    Entry& entry = fates_[key];
    if (entry.fate == Fate::kRevoked) return;
    entry.revision = ++revision_;
    if (entry.fate == Fate::kActive) entry.withdrawn = entry.revision;
    entry.fate = fate;
  }
  Fate fate(int key) const { return fates_.at(key).fate; }
  // Since which revision a key that isn't active is not.
  uint64_t withdrawn(int key) const { return fates_.at(key).withdrawn; }
  uint64_t revision() const { return revision_; }

  // As of now, whenever it arrives.
  wire::Directory Say(int key) const {
    wire::Directory directory;
    directory.set_revision(revision_);
    const Entry& entry = fates_.at(key);
    wire::KeyRecord& record = *directory.add_keys();
    record = entry.fate == Fate::kRevoked ? RevokedKeyOf(IdOf(key), entry.revision)
                                          : KeyOf(IdOf(key), entry.revision);
    record.set_disabled(entry.fate == Fate::kDisabled);
    if (key == 0) record.add_os_users("root");  // which the machine must be asked for
    return directory;
  }

 private:
  struct Entry {
    Fate fate = Fate::kActive;
    uint64_t revision = 1;
    uint64_t withdrawn = 0;
  };
  uint64_t revision_ = 1;
  std::map<int, Entry> fates_ = [] {
    std::map<int, Entry> all;
    for (int key = 0; key < kKeys; ++key) all[key] = {};
    return all;
  }();
};

}  // namespace postern::membership
