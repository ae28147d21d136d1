// Small things of the collector's own, by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collector/directory/registrar.h"
#include "shared/base/result.h"

namespace postern::directory {

// Errors as Keys. Thread-safe.
class Settings {
 public:
  explicit Settings(Registrar& registrar) : registrar_(registrar) {}

  Result<std::optional<std::string>> Get(const std::string& name);
  Status Set(const Actor& actor, const std::string& name, const std::string& value);

  // For what no administrator does: without an event.
  Status Note(const std::string& name, const std::string& value);

  // Which life of this collector's state it is: 1, and one more after each `postern-collector recover`.
  Result<uint64_t> Epoch();
  // One more than both what it is and `seen`; and revisions go on beyond `revision`, the newest that an agent
  // knows. Returns the new epoch.
  Result<uint64_t> RaiseEpoch(const Actor& actor, uint64_t seen, uint64_t revision);

 private:
  Registrar& registrar_;
};

}  // namespace postern::directory
