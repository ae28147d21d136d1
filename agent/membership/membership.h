// What this agent remembers of its collector, and what it may do by that memory while the collector is away:
// keys and OS users it has asked for, sealed credentials, the collector's last signed word, and when that
// was.
//
//   uplink ──Take(…)──▶ ┌─ in memory ──┐ ◀──FindKey, FindOsUser, CredentialFor, standing── gate (the loop)
//                       └──────┬───────┘
//                       membership thread ──▶ disk: what the next life begins with
//
// Two rules carry it. What was cached is good only once it was *confirmed* since the last Welcome: whoever
// finds something unconfirmed asks the collector first, and uses the memory only where no answer comes. And
// what is known of a key never goes back: an answer that is older than the newest revocation known here is
// not taken.
//
// The organisation's policy and a freeze are remembered with it: both only ever go on to a newer one, and are
// in force at once, at a start without the collector too.
//
// Fails closed: what isn't known is refused, and what is known ceases to count `policy_ttl` after the last
// answered heartbeat was sent, or after 30 s with `revocation: strict`. Bounded: see Limits. Secrets are in
// locked memory; on disk lie only sealed boxes, and these only where the configuration says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "agent/membership/enrolment.h"
#include "agent/membership/known.h"
#include "agent/membership/policy_check.h"
#include "agent/membership/policy_in_force.h"
#include "agent/membership/rules.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/crypto/locked_secret.h"
#include "shared/policy/catalogue.h"
#include "shared/wire/conversation.h"
#include "shared/wire/event.pb.h"

namespace postern::kv {
class Faults;
}  // namespace postern::kv

namespace postern::membership {

struct Options {
  std::filesystem::path directory;  // the state directory
  uint64_t incarnation = 0;         // of the record: what was sealed for another one is not opened
  Rules rules;
  // An administrator's, where agent.yaml pins it; then the collector's doesn't count.
  std::optional<crypto::PublicKey> policy_key{};
  // Of the models that have a price; never null.
  std::shared_ptr<const policy::Catalogue> catalogue = std::make_shared<const policy::Catalogue>();
  // Takes what the record should hold: policies that came. Must not wait. None: nothing is recorded.
  std::function<void(wire::Event)> record{};
  std::function<WallTime()> wall_now = WallNow;
  std::function<BootTime()> boot_now = [] { return BootClock::now(); };
  std::string boot_id_file = "/proc/sys/kernel/random/boot_id";
  std::shared_ptr<kv::Faults> faults{};  // for tests
};

// How the conversation is.
enum class Link {
  kAway,      // no connection, or nothing was said on it yet
  kWelcomed,  // the collector has greeted this agent on the present connection
  kRefused,   // the collector turns this agent's key away: it was revoked
};

// Whether requests may be judged by what is known here.
enum class Trust {
  kYes,
  kSilent,       // strict: no heartbeat was answered for 30 s
  kTooLong,      // the collector was not heard for policy_ttl
  kNever,        // it was never heard in this membership
  kQuarantined,  // the collector has set this agent aside; `why` has its sentence
  kRevoked,      // the collector has shut this agent out
};

// What each request is judged by.
struct Outlook {
  Link link = Link::kAway;
  Trust trust = Trust::kNever;
  Revocation revocation = Revocation::kBestEffort;
};

struct Standing {
  Link link = Link::kAway;
  Trust trust = Trust::kNever;
  std::string why;                                    // the collector's sentence, where it said one
  std::optional<std::chrono::nanoseconds> last_word;  // how long ago the last answered heartbeat was sent
  uint64_t revision = 0;                              // the newest of the directory that is known here
  uint64_t epoch = 0;
  size_t keys = 0, os_users = 0, credentials = 0;  // that are cached
  std::shared_ptr<const PolicyInForce> policy;
  uint64_t policies_refused = 0;  // in this life
  std::string policy_refusal;     // why the last one was; empty where another was taken since
  std::optional<Freeze> freeze;
};

// By what this agent goes, as its Hello tells it.
struct Enforced {
  PolicyMark policy;  // in force and on the disk
  bool strict = false;
  std::chrono::seconds policy_ttl{};
};

// What became of a policy that was offered. Where `refused` is empty it is in force and on the disk.
struct PolicyAnswer {
  PolicyMark policy;    // the digest is known only of one that is in force
  std::string refused;  // a sentence
};

// Thread-safe. Nothing but Open and Close waits for the disk.
class Membership {
 public:
  // Reads what the last life left. Errors as kv::Store::Open; kCorrupt where what is there isn't what was
  // written: it can be moved away, and is fetched anew.
  static Result<std::unique_ptr<Membership>> Open(const Enrolment& enrolment, Options options);
  ~Membership();  // as Close

  // ---- What the uplink says. ----

  // For Hello. The memory is as the collector gave it, nothing where it never did.
  std::optional<wire::SignedMemory> memory() const;
  uint64_t epoch() const;     // of that memory
  uint64_t revision() const;  // the newest that is known
  Enforced enforced() const;
  // Revoked keys with the collector's proof of it, for a collector that was restored; at most so many.
  std::vector<wire::KeyRecord> Tombstones(size_t most) const;

  // Nothing that is cached is confirmed any more.
  void OnDisconnected();
  // The collector doesn't let this agent's key in, or has said so on the open connection: it was revoked, for
  // ever. Nothing is trusted from here on, and its credentials are forgotten. `why` may be empty.
  // `durable`: that is on the disk; called as by Take of a Directory.
  void OnRefused(const std::string& why, std::function<void()> durable = {});

  // `sent`: when the Hello, or the heartbeat, that this answers was sent.
  // `durable`: a freeze that it tells is on the disk; not called where it tells none.
  void Take(const wire::Welcome& welcome, BootTime sent, std::function<void()> durable = {});
  void Take(const wire::HeartbeatAnswer& answer, BootTime sent);
  // Keeps the newest. kDenied or kInvalid where it isn't this collector's word to this agent.
  Status Remember(const wire::SignedMemory& memory);
  // In force when this returns; `durable` is called in the membership thread when it is on the disk too, and
  // then it may be said to be Seen (until Close; not where too much waits to be written: it is said again).
  // False: it is older than a revocation known here and nothing of it was
  // taken, `durable` is not called; ask again for what it holds.
  bool Take(const wire::Directory& directory, std::function<void()> durable);
  // kDenied where the box can't be opened: it was sealed for somebody or something else.
  Status Take(const wire::SealedCredential& credential);
  // A piece of a policy. The last one leads to an answer, once, in any thread: another policy is in force
  // before it is written, and the answer comes when it is on the disk; where one is refused the former one
  // stays. No answer where a newer one came meanwhile. What is offered again is answered again.
  void Take(const wire::PolicyPart& part, std::function<void(const PolicyAnswer&)> answer);
  // As HeartbeatAnswer says of the agent, where a Rejected says it.
  void OnQuarantined(const std::string& why);

  // ---- What the gate asks. ----

  KeyAnswer FindKey(std::string_view id) const;
  OsUserAnswer FindOsUser(uid_t uid) const;
  // The header line of the first of these credentials that is there for that provider and hasn't expired.
  // Null where there is none.
  std::shared_ptr<const crypto::LockedSecret> CredentialFor(const std::vector<std::string>& names,
                                                            std::string_view provider) const;
  // By which all is judged; null where there is none yet, and then nothing may be let through. It stays in
  // force while the collector is away, as long as outlook() trusts what is known here.
  std::shared_ptr<const PolicyInForce> policy() const;
  // Nothing: nothing is frozen.
  std::optional<Freeze> freeze() const;
  Outlook outlook() const;
  Standing standing() const;

  // `call` is called whenever something of the above may be another, at once, in the thread that made it so;
  // it must be quick and not call this. An empty one ends it. No call is under way when this returns. A
  // Welcome confirms nothing: whoever goes on by a key for long (a stream) asks for it again when it is only
  // remembered, since it may have been revoked while the collector was away.
  void OnChange(std::function<void()> call);

  // A changed configuration: rules, and other models (the policy in force is compiled anew).
  void Use(const Rules& rules);
  void Use(std::shared_ptr<const policy::Catalogue> catalogue);

  // Writes what is not on the disk yet and ends the thread. May be called again.
  Status Close();

 private:
  struct State;
  explicit Membership(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::membership
