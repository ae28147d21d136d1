// What enrolment left in the state directory: who the collector is, who this agent is to it, and the secret
// halves of the keys that say so. One file, membership.yaml, mode 0600; README.md shows one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/wiped.h"
#include "shared/crypto/x25519.h"

namespace postern::membership {

struct Enrolment {
  std::string agent;                        // this agent's id
  std::string collector;                    // the collector's id, hexadecimal
  std::string url;                          // of its API: "https://keep.example:4790"
  std::string fingerprint;                  // of its certificate's key, hexadecimal
  std::string bus;                          // "keep.example:4791"
  std::array<uint8_t, 32> server_key{};     // CURVE
  crypto::PublicKey log_key;                // what the collector signs memories with
  std::string enrolled;                     // RFC 3339
  crypto::WipedBytes<32> conversation_key;  // CURVE, secret
  crypto::AgreementKey sealing_key;         // X25519: credentials are sealed to it
};

std::filesystem::path EnrolmentFile(const std::filesystem::path& state_directory);

// Nothing where this host isn't enrolled. kInvalid where the file is not as it was written, or others may
// read it; kUnavailable where it can't be read.
Result<std::optional<Enrolment>> LoadEnrolment(const std::filesystem::path& state_directory);

// In one step, synced: afterwards there is this one, or after an error (kUnavailable) what there was before.
Status SaveEnrolment(const std::filesystem::path& state_directory, const Enrolment& enrolment);

}  // namespace postern::membership
