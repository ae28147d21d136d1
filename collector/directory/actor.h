// Who calls, and what about: what an Administration event says of a call.
#pragma once

#include <string>

#include "shared/wire/directory.pb.h"

namespace postern::directory {

struct Actor {
  std::string administrator;  // the id of the token; empty where none was recognised
  std::string name;
  wire::Role role = wire::ROLE_NONE;
  std::string source;  // the caller's address
  std::string request_path;

  // Who has the collector's files, as `postern-collector init` has.
  static Actor Local(const std::string& program) { return {{}, program, wire::ROLE_ADMIN, "local", {}}; }
};

// One act: "key.revoke" on the "key" "k7x2m9q4w8ab".
struct Act {
  std::string action;
  std::string target_kind;
  std::string target;  // recorded only where it could be the name of something: it may come from anywhere
};

// "admin", "viewer", "developer", "none".
const char* RoleName(wire::Role role);

}  // namespace postern::directory
