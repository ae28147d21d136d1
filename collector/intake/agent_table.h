// The enrolled agents as the threads of intake look them up, many times a second: copies of the directory's
// records, kept current by the conversation thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shared/base/guarded.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/directory.pb.h"

namespace postern::intake {

struct Agent {
  wire::AgentRecord record;
  std::optional<crypto::PublicKey>
      seal_key;  // nothing: the record has none that is one, and nothing verifies

  bool is_active() const { return record.state() == wire::AGENT_ACTIVE; }
};

// Thread-safe.
class AgentTable {
 public:
  void Put(wire::AgentRecord record);
  // Nothing: no agent has this id. Later changes don't show in what was returned.
  std::shared_ptr<const Agent> Find(const std::string& id) const;

 private:
  Guarded<std::map<std::string, std::shared_ptr<const Agent>>> agents_;
};

}  // namespace postern::intake
