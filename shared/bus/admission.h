// Whom the server lets in: a table from public CURVE keys to agents. Fails closed: what isn't in it stays
// out.
//
// It is asked twice: when a connection is made, and again for every message that comes or goes. For a key
// that is revoked in the table keeps its open connection in ZeroMQ; only the second question makes it
// worthless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "shared/base/guarded.h"
#include "shared/bus/curve.h"

namespace postern::bus {

// What a handshake is told.
enum class Standing {
  kUnknown,   // kept out, and may try again: it may be enrolled a moment later
  kAdmitted,  //
  kRevoked,   // kept out, and told so: Client's state becomes kRefused
};

// Thread-safe.
class Admission {
 public:
  // From now on this key is that agent, whatever the table held of the key before.
  void Admit(const CurveKey& key, std::string agent);

  // From now on no message of the key is delivered and none is sent to it. The server closes its connections
  // in its next Wait; Server::Wake makes that at once.
  void Revoke(const CurveKey& key);

  // From now on no connection is made with the key, as if it were revoked; one that is open stays as it is
  // until Revoke, so that it can be told why.
  void Dismiss(const CurveKey& key);

  Standing StandingOf(const CurveKey& key) const;

  // The agent whose key this is, unless it is unknown or revoked.
  std::optional<std::string> AgentOf(const CurveKey& key) const;

  // Grows with each Admit and Revoke.
  uint64_t version() const;

 private:
  struct Table {
    std::map<CurveKey, std::optional<std::string>> agents;  // nothing: revoked
    std::set<CurveKey> dismissed;                           // of these
    uint64_t version = 0;
  };
  Guarded<Table> table_;
};

}  // namespace postern::bus
