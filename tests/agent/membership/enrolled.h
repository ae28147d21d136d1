// An enrolment for tests, and the collector's side of it.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "agent/membership/enrolment.h"
#include "shared/base/check.h"
#include "shared/crypto/ed25519.h"
#include "shared/sealing/sealed_credential.h"
#include "shared/wire/conversation.h"

namespace postern::membership {

inline const crypto::SigningKey& LogKey() {
  static const crypto::SigningKey key = *crypto::SigningKey::FromSeed(std::string(32, 'l'));
  return key;
}

inline Enrolment MakeEnrolment(const std::string& agent = "agent0000001") {
  Enrolment enrolment{.agent = agent,
                      .collector = "00112233445566778899aabbccddeeff",
                      .url = "https://keep.example:4790",
                      .fingerprint = std::string(64, 'f'),
                      .bus = "keep.example:4791",
                      .server_key = {},
                      .log_key = LogKey().public_key(),
                      .enrolled = "2026-11-29T12:00:00Z",
                      .conversation_key = {},
                      .sealing_key = *crypto::AgreementKey::FromBytes(std::string(32, 's'))};
  enrolment.server_key.fill(7);
  std::ranges::fill(enrolment.conversation_key.bytes(), 9);
  return enrolment;
}

inline wire::SealedCredential Seal(const Enrolment& to, uint64_t incarnation, const std::string& value,
                                   wire::SealedCredential what) {
  what.set_box(*sealing::SealCredential(value, to.sealing_key.public_key(),
                                        {to.agent, incarnation, what.name(), what.provider(), what.header(),
                                         what.generation(), what.expires()}));
  return what;
}

inline wire::SealedCredential Describe(const std::string& name, uint32_t generation, int64_t expires,
                                       const std::string& provider = "anthropic",
                                       const std::string& header = "x-api-key") {
  wire::SealedCredential what;
  what.set_name(name);
  what.set_provider(provider);
  what.set_header(header);
  what.set_generation(generation);
  what.set_expires(expires);
  return what;
}

inline wire::KeyRecord KeyOf(const std::string& id, uint64_t revision) {
  wire::KeyRecord key;
  key.set_id(id);
  key.set_secret_sha256(std::string(32, 'h'));
  key.set_user("ada@example.com");
  key.set_team("platform");
  key.add_credentials("main");
  key.set_revision(revision);
  return key;
}

inline wire::KeyRecord RevokedKeyOf(const std::string& id, uint64_t revision) {
  wire::KeyRecord key = KeyOf(id, revision);
  key.set_revoked(true);
  key.set_sentence("This key was lost.");
  key.set_tombstone(wire::SignTombstone(id, LogKey()));
  return key;
}

}  // namespace postern::membership
