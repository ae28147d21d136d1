// The table of routes: what may be called, by whom, and who answers. It is the only way to a handler, so
// there is none without a role. openapi.yaml says the same, and a test compares the two.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/api/call.h"
#include "shared/base/result.h"
#include "shared/rest/message.h"
#include "shared/wire/directory.pb.h"

namespace postern::api {

enum class Access {
  kOpen,       // everybody, without a token
  kEverybody,  // every role; of a developer the handler shows only what is the own user's
  kReaders,    // admin and viewer
  kAdmin,      // admin alone
};

bool MayCall(Access access, wire::Role role);

// What a call by another method than GET does, and how large its body may be.
enum class Effect { kChanges, kNone };
enum class BodySize { kUsual, kLarge };  // a policy's text

struct Route {
  std::string_view method;
  std::string_view path;         // "/v1/keys/{id}"
  std::string_view operation;    // "key.show": as openapi.yaml, records and metrics name it
  std::string_view target_kind;  // what it is about, for the record: "key"
  Access access;
  // An Error says that the call is not as it must be, and becomes a refusal's record where the route changes
  // something. What the directory refuses, it has recorded itself: that comes back as a Response.
  Result<rest::Response> (*answer)(const Context&, const Call&);

  Effect effect = Effect::kChanges;
  BodySize body = BodySize::kUsual;

  bool changes() const { return method != "GET" && effect == Effect::kChanges; }
};

std::span<const Route> Routes();

// The route and its {id}, or how far the path was right.
struct Match {
  const Route* route = nullptr;
  std::string id;
  std::string allowed;  // where the path is known and the method isn't: "GET, POST"
};
Match FindRoute(std::string_view method, const std::vector<std::string>& segments);

}  // namespace postern::api
