// Virtual keys. A key belongs to a user, and what it may do follows from the user and the user's team: what
// agents and people are shown is the *effective* record, in which that is worked in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/directory/page.h"
#include "collector/directory/registrar.h"
#include "shared/base/result.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

struct NewKey {
  std::string user;
  std::string label;
  int64_t expires = 0;                   // seconds since 1970; 0: never
  std::vector<std::string> hosts;        // none: any
  std::vector<std::string> os_users;     // none: any
  std::vector<std::string> credentials;  // none: the team's
};

// What is set is changed.
struct KeyUpdate {
  std::optional<std::string> label;
  std::optional<int64_t> expires;
  std::optional<std::vector<std::string>> hosts;
  std::optional<std::vector<std::string>> os_users;
  std::optional<std::vector<std::string>> credentials;
};

// A key with its text, which can never be shown again: wipe it after use.
struct IssuedKey {
  wire::KeyRecord record;
  std::string text;
};

struct KeyFilter {
  std::optional<std::string> user;
  std::optional<std::string> team;
};

// Errors besides the store's: kInvalid (a field is not as it must be), kNotFound (no such key, user or
// credential), kDenied (a rule says no: the key was revoked, the user is disabled). Each is one sentence, and
// recorded. Thread-safe.
class Keys {
 public:
  static constexpr size_t kMaxPerUser = 200;  // that are not revoked

  Keys(Registrar& registrar, std::string organisation)
      : registrar_(registrar), organisation_(std::move(organisation)) {}

  Result<IssuedKey> Create(const Actor& actor, const NewKey& key);
  Result<wire::KeyRecord> Update(const Actor& actor, const std::string& id, const KeyUpdate& update);
  // `sentence` is for the person who uses the key; empty: a general one.
  Result<wire::KeyRecord> Disable(const Actor& actor, const std::string& id, const std::string& sentence);
  Result<wire::KeyRecord> Enable(const Actor& actor, const std::string& id);
  // A new secret for the same key: the old one is dead.
  Result<IssuedKey> Rotate(const Actor& actor, const std::string& id);
  // For ever. May be repeated.
  Result<wire::KeyRecord> Revoke(const Actor& actor, const std::string& id, const std::string& sentence);

  // For intake: makes sure that a key which this collector once revoked, as `agent` has proved, is revoked;
  // an alarm says so where it wasn't, and a key that isn't known any more becomes a tombstone. False where
  // there was nothing to do.
  Result<bool> Bury(const wire::KeyRecord& proved, const std::string& agent);

  // The effective record, as agents get it: disabled also where the user or team is, the team's credentials
  // where the key names none, and the newest revision of all that it follows from. Revoked keys are found
  // too. kNotFound.
  Result<wire::KeyRecord> Find(const std::string& id);
  Result<Page<wire::KeyRecord>> List(const KeyFilter& filter, const PageRequest& page);

 private:
  using Changer = std::function<Result<std::string>(wire::KeyRecord&)>;
  Result<wire::KeyRecord> Change(const Actor& actor, const char* action, const std::string& id,
                                 const Changer& change);

  Registrar& registrar_;
  const std::string organisation_;
};

}  // namespace postern::directory
