// The collector's HTTPS API: what administrators, scripts and joining hosts call. Its contract is
// openapi.yaml, which it serves itself.
//
//   rest::Server ──▶ Gatekeeper ──▶ route table ──▶ role ──▶ handler ──▶ Directory │ Store │ Presence
//                    401, 429        404, 405        403      400, 404, 409 …
//
// It fails closed: what no route names is refused, a route without a role is not possible, and what can't be
// recorded isn't done. Every call that would change something and every call that is refused becomes an event
// of the collector's own chain; who only reads leaves none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/directory/directory.h"
#include "collector/intake/intake.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/rest/server.h"

namespace postern::api {

// How much one address and one token may ask for.
struct Limits {
  size_t calls_at_once = 200;    // of one token or, without one, of one address
  double calls_per_second = 50;  // beyond that
  size_t bad_tokens = 10;        // of one address within `memory`, then it is locked out
  std::chrono::seconds memory{60};
  std::chrono::seconds lock_out{300};
  size_t enrolments_at_once = 20;  // calls to /v1/enrol of one address
  double enrolments_per_second = 0.2;
  size_t tails = 16;  // that wait at a time; of one token, half of them
};

struct Options {
  rest::ServerOptions server;
  std::string organisation;
  std::string collector;       // its id, hexadecimal
  std::string curve_key;       // 32 bytes: of its end of the conversation
  std::string agents_address;  // "host:port" where agents connect to; an empty host is the one of their call
  Limits limits;
  std::function<WallTime()> wall_now = WallNow;
};

// What it speaks of. All must live longer.
struct Parts {
  store::Store& store;
  directory::Directory& directory;
  const crypto::PublicKey& log_key;
  const intake::Presence& presence;
  std::function<intake::Stats()> intake;  // thread-safe; where it is not set, its metrics are left out
};

// Threads are those of rest::Server. Thread-safe.
class Api {
 public:
  // Serves at once. Errors as rest::Server::Start, and kInvalid where openapi.yaml names another route than
  // the program has.
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
