// What this agent has asked the collector's directory and not been told yet. A connection's end loses
// questions and answers, so they are asked again on the next. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.h"

namespace postern::uplink {

// Thread-compatible.
class Questions {
 public:
  static constexpr size_t kMost = 4096;
  static constexpr std::chrono::seconds kAnswerWithin{10};

  // What is waited for already is not asked twice. kExhausted: too much waits for an answer; nothing of this
  // is asked.
  Status Add(const std::vector<std::string>& keys, const std::vector<wire::OsIdentity>& users);

  // All of it must be asked again: the connection is another.
  void Forget();

  // The next query to send; nothing where all is asked. What had no answer in time is asked again.
  std::optional<wire::Query> Next(BootTime now);

  void OnAnswer(const wire::Directory& directory);

  std::optional<BootTime> due() const;
  size_t size() const { return keys_.size() + users_.size(); }

 private:
  using User = std::pair<uint32_t, std::string>;
  struct AskedUser {
    wire::OsIdentity identity;
    BootTime again_at{};
  };
  std::map<std::string, BootTime> keys_;  // with when to ask (again)
  std::map<User, AskedUser> users_;
};

}  // namespace postern::uplink
