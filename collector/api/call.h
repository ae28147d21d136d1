// One call, once it is known who makes it, and what its handlers may use.
#pragma once

#include <functional>
#include <string>

#include "collector/api/options.h"
#include "collector/api/tails.h"
#include "collector/directory/actor.h"
#include "shared/base/guarded.h"
#include "shared/rest/message.h"
#include "shared/wire/directory.pb.h"

namespace postern::api {

class Metrics;

// What every handler may use. All of it is thread-safe.
struct Context {
  const Options& options;
  const Parts& parts;
  const std::function<std::string()>& fingerprint;  // of the certificate's key, hexadecimal
  Metrics& metrics;
  Tails& tails;
};

struct Call {
  const rest::Request& request;
  wire::AdministratorRecord caller;  // empty where the route is open
  directory::Actor actor;
  std::string id;  // the path's {id}

  bool is_developer() const { return caller.role() == wire::ROLE_DEVELOPER; }
};

}  // namespace postern::api
