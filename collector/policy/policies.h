// The organisation's policy at the collector: every version that there ever was, which of them is in force,
// and whether everything is frozen. shared/policy reads, compiles, compares and judges; this directory
// decides what becomes the next version, signs it, keeps it, and records who changed what.
//
//   policies.Apply(actor, yaml, …) ──▶ read, lint, compare ──▶ signed ──▶ Registrar ──▶ records + event
//                                                                            │
//                                          listeners (intake pushes) ◀───────┘ one revision orders all
//
// The namespace isn't `policy`, which is shared/policy's. Fails closed: what can't be read, compiled or
// recorded never becomes a version, and the former one stays in force.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/directory/directory.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/sha256.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

using directory::Actor;

// Of one version, what its history tells.
struct Version {
  uint64_t version = 0;
  uint64_t former = 0;  // the one before it; 0: none
  WallTime made{};
  std::string author;         // the administrator's name
  std::string administrator;  // and the id of the token
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

enum class Force { kNo, kYes };

// Something about a text that would become the policy.
struct Problem {
  enum class Weight { kWrong, kNeedsForce, kRemark };
  Weight weight{};
  int line = 0;          // 0: of no line
  std::string sentence;  // "policy.yaml:12: teams.ml.models.deny[0]: …"
};

// For whom what would be another than it is.
struct Difference {
  std::string whom;  // "team ml", "user alice@example.com"
  std::string what;
};

struct Assessment {
  uint64_t current = 0;  // the version in force, with which it was compared
  std::vector<Problem> problems;
  std::vector<Difference> differences;
  bool has(Problem::Weight weight) const;
};

// What became of a text. Nothing was changed unless `outcome` is kDone.
struct Attempt {
  enum class Outcome {
    kDone,        // `issued` is in force
    kUnchanged,   // `issued` is in force already, with the same text
    kWrong,       // see the problems
    kNeedsForce,  // see the problems
    kStale,       // it is based on another version than the one in force: see the differences
  };
  Outcome outcome{};
  std::shared_ptr<const Issued> issued;
  Assessment assessment;
};

struct VersionPage {
  std::vector<Version> versions;  // the newest first
  uint64_t next = 0;              // ask again from this one; 0: there are no more
};

struct Options {
  std::string collector;     // its id, hexadecimal
  std::string organisation;  // of version 1
  // Where it is given, only policies that are signed with it are taken: agents pin the same one.
  std::optional<crypto::PublicKey> offline_key = {};
  std::function<WallTime()> wall_now = WallNow;
};

// Errors besides the store's: kNotFound (no such version), kDenied (a rule says no). What changes something,
// or was refused, is recorded. Thread-safe.
class Policies {
 public:
  // Where there is no policy yet, makes version 1 (everything that has a price is allowed at the
  // organisation's level) and says so in the log. `directory` and `key` must live longer.
  static Result<std::unique_ptr<Policies>> Open(directory::Directory& directory,
                                                const crypto::SigningKey& key, Options options);

  // The version in force; there always is one.
  Result<std::shared_ptr<const Issued>> Current();
  Result<std::shared_ptr<const Issued>> Find(uint64_t version);
  // From this version back; 0: from the one in force. At most 1,000.
  Result<VersionPage> History(uint64_t from, size_t limit);

  // Looks at a text and changes nothing.
  Result<Assessment> Check(std::string_view yaml);

  // `based_on`: the version that the text is a change of; where it isn't given, its first line may say so
  // ("# postern policy: version 14"), else it is the one in force.
  Result<Attempt> Apply(const Actor& actor, std::string_view yaml, std::optional<uint64_t> based_on,
                        Force force);
  // What `postern policy sign` wrote: it carries the number of the next version.
  Result<Attempt> ApplySigned(const Actor& actor, const wire::SignedPolicy& policy, Force force);
  // A new version with what that one said.
  Result<Attempt> Rollback(const Actor& actor, uint64_t version, Force force);

  // Whether, and since when, nothing is let through anywhere. Its revision is 0 where that was never changed.
  Result<wire::Freeze> Freezing();
  // May be repeated: another sentence takes the place of the first.
  Result<wire::Freeze> Freeze(const Actor& actor, const std::string& sentence);
  Result<wire::Freeze> Thaw(const Actor& actor);

  // For intake: an agent says that this version is in force with it. Where that is above all that there are
  // here (a backup was restored), the next one is numbered above it, and an alarm says so once. Cheap where
  // there is nothing to do.
  Status NoteSeen(const std::string& agent, uint64_t version);

  // Called after each commit that changed the policy or the freeze, in the thread that made it, before the
  // call that made it returns: it must be quick and must not call back. After Unsubscribe has returned it
  // isn't called.
  using Listener = std::function<void()>;
  uint64_t Subscribe(Listener listener);
  void Unsubscribe(uint64_t subscription);

  // What agents verify policies with, where they pin no other key: Welcome.policy_key.
  const crypto::PublicKey& public_key() const;
};

}  // namespace postern::policies
