// The machine's user database (NSS: files, LDAP, …). A look-up may block on the network, so never in an event
// loop.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

#include "shared/base/guarded.h"

namespace postern::identity {

// The uid of a user's name, or of a number written as text. Nothing for a name that the machine doesn't know.
std::optional<uid_t> FindUid(const std::string& name_or_number);

// Those of the names that the machine knows.
std::vector<uid_t> FindUids(const std::vector<std::string>& names_or_numbers);

// A user as the machine knows it: its name, or its number as text where it has none, and the names of its
// groups, at most so many.
struct OsAccount {
  uid_t uid = 0;
  std::string name;
  std::vector<std::string> groups;
};
OsAccount FindAccount(uid_t uid, size_t most_groups);

// Names by uid, remembered. Thread-safe.
class UserNames {
 public:
  // The user's name, or its number as text where it has none.
  std::string NameOf(uid_t uid);
  // As NameOf, but never blocks: nothing where NameOf hasn't been asked before.
  std::optional<std::string> Remembered(uid_t uid) const;

 private:
  Guarded<std::unordered_map<uid_t, std::string>> names_;
};

}  // namespace postern::identity
