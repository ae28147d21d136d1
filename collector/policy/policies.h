// The organisation's policy at the collector: every version that there ever was, which of them is in force,
// and whether everything is frozen. shared/policy reads, compiles, compares and judges; this directory
// decides what becomes the next version, signs it, keeps it, and records who changed what.
//
//   policies.Apply(actor, yaml, …) ──▶ read, doubt, compare ──▶ signed ──▶ Registrar ──▶ records + event
//                                                                             │
//                                           listeners (intake pushes) ◀───────┘ one revision orders all
//
// The namespace isn't `policy`, which is shared/policy's. Fails closed: what can't be read, compiled or
// recorded never becomes a version, and the former one stays in force.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/directory/directory.h"
#include "collector/policy/assessment.h"
#include "collector/policy/explained.h"
#include "collector/policy/version.h"
#include "shared/base/guarded.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

using directory::Actor;

enum class Force { kNo, kYes };

// What became of a text. Nothing was changed unless `outcome` is kDone.
struct Attempt {
  enum class Outcome {
    kDone,        // `issued` is in force
    kUnchanged,   // `issued` is in force already, and is the same
    kWrong,       // see the problems
    kNeedsForce,  // see the problems
    kStale,       // it is a change of another version than the one in force
  };
  Outcome outcome{};
  std::string sentence;  // why nothing was changed
  std::shared_ptr<const Issued> issued;
  uint64_t current = 0;  // the version that was in force, which it was compared with
  Assessment assessment;
  policy::Comparison missed;  // with kStale: from the version that it is based on to the one in force
};

struct VersionPage {
  std::vector<Version> versions;  // the newest first
  uint64_t next = 0;              // ask again from this one; 0: there are no more
};

struct Options {
  std::string collector;     // its id, hexadecimal
  std::string organisation;  // of version 1
  policy::ZoneSource zones = {};
  policy::Catalogue catalogue = {};  // none: models are not looked for
  // Where it is given, only policies that are signed with it are taken: agents pin the same one.
  std::optional<crypto::PublicKey> offline_key = {};
  std::function<WallTime()> wall_now = WallNow;
};

// Errors besides the store's: kNotFound (no such version), kDenied (a rule says no). What changes something,
// or was refused, is recorded. Thread-safe.
class Policies {
 public:
  // Where there is no policy yet, makes version 1 (everything that has a price is allowed at the
  // organisation's level) and says so in the log. One whose key doesn't count any more is signed anew. Where
  // the collector's epoch has risen, a backup was restored: room is left for the versions that it may have
  // forgotten, so that no number is given twice.
  // `directory` and `key` must live longer.
  static Result<std::unique_ptr<Policies>> Open(directory::Directory& directory,
                                                const crypto::SigningKey& key, Options options);

  // The version in force; there always is one.
  Result<std::shared_ptr<const Issued>> Current();
  Result<std::shared_ptr<const Issued>> Find(uint64_t version);
  // From this version back; 0: from the one in force. At most 1,000.
  Result<VersionPage> History(uint64_t from, size_t limit);
  // The number that the next version will have.
  Result<uint64_t> Next();

  // Looks at a text and changes nothing: `outcome` is what Apply would come to, kDone for what would be
  // applied.
  Result<Attempt> Check(std::string_view yaml);

  // `based_on`: the version that the text is a change of; where it isn't given, its first line may say so
  // ("# postern policy: version 14"), else it is the one in force.
  Result<Attempt> Apply(const Actor& actor, std::string_view yaml, std::optional<uint64_t> based_on,
                        Force force);
  // What `postern policy sign` wrote: it carries the number of the next version.
  Result<Attempt> ApplySigned(const Actor& actor, const wire::SignedPolicy& signed_policy, Force force);
  // A new version of that one's text.
  Result<Attempt> Rollback(const Actor& actor, uint64_t version, Force force);

  // A change of the text in force, in place: what is made from whatever is in force when it comes to it, so
  // that nobody's change is lost. Its error is why nothing was changed.
  using Editor = std::function<Result<std::string>(const Issued& in_force)>;
  // `act` is what is recorded ("limit.set" of the "limit" "ml-month"), `how` what the history says.
  Result<Attempt> Edit(const Actor& actor, const directory::Act& act, const std::string& how,
                       const Editor& editor, Force force);

  // kNotFound for a version, key, user or team that isn't there.
  Result<Explained> Explain(Question question);

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
  const crypto::PublicKey& public_key() const { return key_.public_key(); }
  const std::optional<crypto::PublicKey>& offline_key() const { return options_.offline_key; }

 private:
  // A text on its way to become a version.
  struct Candidate {
    std::string_view source;
    std::string how;
    Force force{};
    std::optional<uint64_t> based_on = {};
    const wire::SignedPolicy* signed_policy = nullptr;  // where it was signed offline
    const Editor* editor = nullptr;                     // makes the source; of what is edited in place
  };
  // A version in the making.
  struct Draft {
    Version version;
    wire::SignedPolicy signed_policy;
  };

  Policies(directory::Directory& directory, const crypto::SigningKey& key, Options options);
  store::Store& store() { return directory_.registrar().store(); }

  Status Begin();
  Status LeaveRoom();
  Status MakeFirst();
  Status RequireOnlineSigning() const;
  std::string Signer(const Candidate& candidate) const;  // the id of its key

  // How a candidate is judged, in this order; each leaves what it found in the attempt.
  Result<Attempt> Judge(const Candidate& candidate, const Standing& standing);
  Status Weigh(Attempt& attempt, const Candidate& candidate, const policy::PolicyFile& file,
               const Issued* current);
  Result<std::optional<Problem>> UnitsBefore(const policy::PolicyFile& file, const Issued& current);
  Status JudgeBase(Attempt& attempt, uint64_t base, const Issued& current);
  Result<wire::Policy> CheckSigned(const Candidate& candidate, const Standing& standing,
                                   std::string_view fingerprint_key) const;
  Result<std::string> FingerprintKey(const Standing& standing);

  Result<Attempt> Make(const Actor& actor, const directory::Act& act, const Candidate& candidate);
  Result<Draft> DraftOf(const Actor& actor, const Candidate& candidate, const Standing& standing,
                        const std::string& fingerprint_key) const;
  Result<wire::Freeze> SetFreeze(const Actor& actor, const char* action, wire::Freeze wanted);
  Result<policy::Compiled> CompiledOf(const std::shared_ptr<const Issued>& issued);
  void Tell();

  directory::Directory& directory_;
  const crypto::SigningKey& key_;
  const Options options_;
  const Reader reader_;
  std::atomic<uint64_t> highest_{0};  // version, or seen

  // The one in force, as last read, and compiled where somebody has asked it something.
  struct Cached {
    std::shared_ptr<const Issued> issued;
    std::optional<policy::Compiled> compiled;
  };
  Guarded<Cached> cached_;

  std::mutex
      listeners_mutex_;  // held while they are called, so that Unsubscribe waits for a call that goes on
  std::map<uint64_t, Listener> listeners_;
  uint64_t last_subscription_ = 0;
};

// The version that a text's first line says that it is a change of: "# postern policy: version 14".
std::optional<uint64_t> BaseIn(std::string_view yaml);
// The text with a first line that says which version it is, in place of such a line.
std::string WithBase(std::string_view yaml, uint64_t version);

}  // namespace postern::policies
