// The collector's HTTPS API: what administrators, scripts and joining hosts call. Its contract is
// openapi.yaml, which it serves itself.
//
//   rest::Server ──▶ Door ───────────────────────▶ route table ──▶ role ──▶ handler ──▶ Directory │ Store │ …
//                    locked out? whose token?      404, 405        403      400, 404, 409, …
//                    429, 401
//
// It fails closed: what no route names is refused, a route without a role is not possible, and what can't be
// recorded isn't done. Every call that would change something, done or refused, becomes an event of the
// collector's own chain; who only reads leaves none.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collector/api/options.h"
#include "shared/base/result.h"

namespace postern::api {

// Threads are those of rest::Server. Thread-safe.
class Api {
 public:
  // Serves at once. Errors as rest::Server::Start.
  static Result<std::unique_ptr<Api>> Start(Options options, Parts parts);
  ~Api();  // as Close

  uint16_t port() const;
  // Of the certificate's key, as `postern login --fingerprint` wants it.
  std::string fingerprint() const;
  // As rest::Server.
  Status ReloadCertificate();

  // Ends whoever waits for events, lets calls finish, and takes no more. May be called again.
  void Close();

 private:
  struct State;
  explicit Api(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::api
