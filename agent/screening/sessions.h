// The memories of all sessions, so many and no larger than can be afforded: the one that was used longest ago
// goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/secrets/session_memory.h"

namespace postern::screening {

// What is remembered of one session.
struct Session {
  secrets::SessionMemory memory;
  uint64_t policy_version = 0;  // by which its last request was judged
  std::vector<std::string>
      in_head{};  // what was found in the last head that had something: rule, action, fingerprint
};

// Owned by the loop thread.
class Sessions {
 public:
  static constexpr size_t kMost = 256;
  static constexpr size_t kMostBytes = 64 << 20;

  Sessions();

  // The one of this name, which is made where it isn't there; it holds until the next call.
  Session& Of(const std::string& name);
  // Null where there is none.
  Session* Find(std::string_view name);
  // After the one that was asked for last has grown: others go where there is too much.
  void Trim();
  // Other rules are in force: nothing is known to be clean.
  void ForgetBodies();
  // All but this one go: there is no more memory that can be locked.
  void ForgetOthers(std::string_view name);

  const secrets::KeyedHash& hash() const { return *key_.hash(); }
  size_t size() const { return by_name_.size(); }
  size_t bytes() const { return bytes_; }  // that they took when they were trimmed

 private:
  struct Entry {
    std::string name;
    Session session;
    size_t bytes = 0;  // when it was weighed last
  };
  using Place = std::list<Entry>::iterator;

  void Weigh(Entry& entry);
  Place Erase(Place entry);

  secrets::MemoryKey key_;
  std::list<Entry> entries_;  // the one that was used last is the first
  std::map<std::string, Place, std::less<>> by_name_;
  size_t bytes_ = 0;  // of all, as they were weighed
};

}  // namespace postern::screening
