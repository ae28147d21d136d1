// Versions of the policy as they lie in the store, and back.
//
//   setting   "policy"        → the number of the version in force, decimal
//             "policy.seen"   → the highest that an agent has said to have, where that is above all here
//             "policy.beyond" → the highest that may have been given out before a backup was restored
//             "policy.epoch"  → the collector's epoch, up to which room was left for such versions
//             "freeze"        → a serialised wire::Freeze, its revision left empty
//   policy    number, decimal → a serialised wire::PolicyRecord, its revision left empty
//   snapshot  number, decimal → a serialised wire::SignedPolicy, with the source
//
// What a version says lies apart from who made it, so that the history is read without it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/sha256.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// Of one version, what its history tells.
struct Version {
  uint64_t version = 0;
  uint64_t former = 0;  // the one before it; 0: none
  WallTime made{};
  std::string author;         // the administrator's name
  std::string administrator;  // and the id of the token; empty where the collector made it
  std::string how;            // "applied", "signed offline", "rolled back to 3", …
  crypto::Digest sha256{};    // of the snapshot
  std::string key_id;         // 8 bytes: whose signature it carries
  uint64_t revision = 0;      // of the directory
};

// A version with all that is needed to show it and to send it. Never changes.
struct Issued {
  Version version;
  wire::Policy policy;
  std::string source;            // the YAML
  std::string sent;              // what agents put together: a serialised SignedPolicy without the source
  crypto::Digest sent_sha256{};  // PolicyPart.sha256
};

// What is in force, with the revisions that a change of it expects.
struct Standing {
  uint64_t version = 0;  // 0: there is no policy yet
  uint64_t seen = 0;
  uint64_t beyond = 0;
  uint64_t epoch = 0;  // 0: it was never noted, and is the first
  uint64_t version_revision = 0;
  uint64_t seen_revision = 0;
  uint64_t beyond_revision = 0;
  uint64_t epoch_revision = 0;

  // The number of the next version.
  uint64_t next() const { return std::max({version, seen, beyond}) + 1; }
  // There was, or may have been, a newer one than the one in force: hosts may go by that.
  bool is_overtaken() const { return version < std::max(seen, beyond); }
};

// Errors as the store's, and kCorrupt for what can't be read.
Result<Standing> ReadStanding(store::Store& store);
Result<Version> ReadVersion(store::Store& store, uint64_t version);                       // kNotFound
Result<std::shared_ptr<const Issued>> ReadIssued(store::Store& store, uint64_t version);  // kNotFound
Result<wire::Freeze> ReadFreeze(store::Store& store);

// What is wrong with the versions that there are, in sentences: one that can't be read, a history that breaks
// off, a signature that isn't the one of its key, as far as that is among `keys`.
Result<std::vector<std::string>> CheckVersions(store::Store& store,
                                               const std::vector<crypto::PublicKey>& keys);

// The version as it will be read, but for its revision; kInvalid where it is larger than can be sent.
Result<Issued> IssuedOf(Version version, wire::SignedPolicy signed_policy);

// Adds to the change what makes this the version in force after `standing`.
void Put(store::Change& change, const Standing& standing, const Version& version,
         const wire::SignedPolicy& signed_policy);
void PutSeen(store::Change& change, const Standing& standing, uint64_t seen);
void PutRoom(store::Change& change, const Standing& standing, uint64_t beyond, uint64_t epoch);
// It replaces the freeze of this revision, 0 where there is none.
void PutFreeze(store::Change& change, wire::Freeze freeze);

}  // namespace postern::policies
