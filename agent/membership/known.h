// What the collector's directory says of a key or an OS user, as the gate judges by it. Plain data.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/identity/key_table.h"
#include "agent/identity/principal.h"

namespace postern::membership {

struct Key {
  identity::KeyRecord record;  // disabled where the collector says disabled or revoked
  bool revoked = false;
  std::vector<std::string> credentials;  // the first that fits the provider is used
  std::string sentence;                  // for the person, where the key is disabled or revoked
};

struct OsUserPrincipal {
  identity::Principal principal;
  std::vector<std::string> credentials;
};

// How sure an answer is.
enum class Certainty {
  kConfirmed,   // the collector has said so since its last Welcome, and would say if it changed
  kLately,      // it had, when the connection was lost
  kRemembered,  // it said so once: ask before using it, where somebody is there to ask
  kNotRemembered,
};

// Null with kConfirmed: the collector knows no such key. That is remembered for some seconds only.
struct KeyAnswer {
  Certainty certainty = Certainty::kNotRemembered;
  std::shared_ptr<const Key> key;
};

// The same of an OS user.
struct OsUserAnswer {
  Certainty certainty = Certainty::kNotRemembered;
  std::shared_ptr<const OsUserPrincipal> user;
};

}  // namespace postern::membership
