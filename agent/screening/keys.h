// The two keys by which this host speaks of secrets without saying them.
//
//   placeholder key    what stands in a request in place of a secret: this host's own, made at its first
//   start fingerprint key    what stands in events: the organisation's, from its policy; a host without one
//   has its own
//
// They lie in one file of the state directory, for its owner alone. Whoever has them can try out guesses.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/wiped.h"

namespace postern::screening {

// Never changes while the agent runs. Thread-compatible.
struct HostKeys {
  crypto::WipedBytes<32> placeholder;
  crypto::WipedBytes<32> fingerprint;
};

// From "secrets.key" in the state directory, which is made where it isn't there. kInvalid where the file is
// others' to read or isn't one of ours: a new key would give every secret another placeholder, so that is for
// people to decide. kUnavailable where it can't be written.
Result<HostKeys> FindHostKeys(const std::filesystem::path& state);

// The first 16 bytes of HMAC-SHA-256(key, secret). Pure.
std::string FingerprintOf(std::string_view key, std::string_view secret);

}  // namespace postern::screening
