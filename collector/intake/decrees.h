// What holds on every host and comes to it without being asked for: the organisation's policy, and whether
// everything is frozen. Who decides them is collector/policy; this is what intake must know of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/treasury/treasury.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.pb.h"

namespace postern::intake {

// A version of the policy as it travels. Never changes.
struct SentPolicy {
  uint64_t version = 0;
  std::string snapshot_sha256;               // 32 bytes, as Hello and Seen have it
  std::shared_ptr<const std::string> bytes;  // a serialised SignedPolicy without its source
  std::string sha256;                        // of the bytes, 32 bytes
};

// Nothing is limited.
Result<treasury::Terms> NoTerms();

// Called by the conversation thread; each must be quick when nothing has changed.
struct Decrees {
  // Null where there is none.
  std::function<Result<std::shared_ptr<const SentPolicy>>()> policy = [] {
    return Result<std::shared_ptr<const SentPolicy>>(nullptr);
  };
  // Its revision is 0 where nothing was ever frozen.
  std::function<Result<wire::Freeze>()> freeze = [] { return Result<wire::Freeze>(wire::Freeze()); };
  // An agent says that this version is in force with it.
  std::function<void(const std::string& agent, uint64_t version)> note_in_force = [](const auto&, auto) {};
  // What the policy in force says of money; asked when there is another version, before that is sent.
  std::function<Result<treasury::Terms>()> terms = [] { return NoTerms(); };
  std::string policy_key;  // 32 bytes, or none: Welcome.policy_key
};

}  // namespace postern::intake
