// The way of one call: is the address locked out, whose token is it, is there such a route, does the role
// allow it; then the handler. What is refused on the way is recorded.
#pragma once

#include <optional>
#include <string>

#include "collector/api/call.h"
#include "collector/api/gatekeeper.h"
#include "collector/api/route.h"
#include "shared/base/guarded.h"
#include "shared/rest/message.h"

namespace postern::api {

// Thread-safe.
class Door {
 public:
  // The context must live longer.
  explicit Door(const Context& context);

  rest::Response Answer(const rest::Request& request);
  // How large this request's body may be, by its head: a large one only of who may send it.
  size_t BodyLimit(const rest::Request& head) const;
  uint64_t lock_outs() const;

 private:
  struct Shared {
    Gatekeeper gatekeeper;
    Bucket records;         // of calls without a token of ours: their number is other people's choice
    uint64_t withheld = 0;  // of them, since the last one that was recorded
  };

  rest::Response Admit(const rest::Request& request, const Match& match);
  rest::Response AdmitOpen(const rest::Request& request, const Match& match);
  rest::Response AdmitCaller(const rest::Request& request, const Match& match,
                             wire::AdministratorRecord caller);
  rest::Response Unauthenticated(const rest::Request& request, const Match& match);
  rest::Response Handle(const Call& call, const Route& route);
  rest::Response NoRoute(const Call& call, const Match& match);
  rest::Response TooMany(const Call& call, const Match& match, const Hold& hold, std::string_view sentence);

  void Record(const Call& call, const Route* route, const Error& error);
  // For callers whom nobody knows: within a bound.
  void RecordStranger(const Call& call, const Route* route, Error error);

  const Context& context_;
  mutable Guarded<Shared> shared_;
};

}  // namespace postern::api
