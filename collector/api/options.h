// How the API is set up, and what it speaks of.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "collector/api/limits.h"
#include "collector/directory/directory.h"
#include "collector/intake/intake.h"
#include "collector/policy/policies.h"
#include "collector/store/store.h"
#include "collector/treasury/treasury.h"
#include "shared/base/clock.h"
#include "shared/crypto/ed25519.h"
#include "shared/rest/server.h"

namespace postern::api {

struct Options {
  rest::ServerOptions server;
  std::string organisation;
  std::string collector;       // its id, hexadecimal
  std::string curve_key;       // 32 bytes: of its end of the conversation
  std::string agents_address;  // "host:port" where agents connect to; an empty host is the one of their call
  Limits limits;
  std::function<WallTime()> wall_now = WallNow;
};

// All must live longer.
struct Parts {
  store::Store& store;
  directory::Directory& directory;
  policies::Policies& policies;
  const crypto::PublicKey& log_key;
  const intake::Presence& presence;
  std::function<intake::Stats()> intake = {};  // thread-safe; where it isn't set, its metrics are left out
  // As intake::Acknowledgements::Await; where it isn't set, it can't be said whom a change has reached.
  std::function<Result<intake::Reach>(const intake::Concern&, uint64_t revision, std::chrono::nanoseconds)>
      reach = {};
  treasury::Treasury* treasury = nullptr;
  // As those of the treasury; where they aren't set, nothing can be said of what was spent.
  std::function<Result<std::vector<ledger::Statement>>(const std::string& account)> statements = {};
  std::function<Status(const std::string& account)> reset = {};
};

}  // namespace postern::api
