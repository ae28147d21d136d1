#include "shared/wire/bounds.h"

#include <limits>
#include <string_view>
#include <utility>

#include "shared/wire/conversation.h"
#include "shared/wire/event.h"

namespace postern::wire {
namespace {

constexpr size_t kSignatureBytes = std::tuple_size_v<crypto::Signature>;
constexpr size_t kHashBytes = std::tuple_size_v<crypto::Digest>;
constexpr size_t kMaxSealBytes = 256;

Error Broken(std::string sentence) { return Error{ErrorCode::kInvalid, std::move(sentence)}; }

Status Require(bool holds, const char* sentence) {
  if (!holds) return Broken(sentence);
  return Ok{};
}

Status AtMost(std::string_view field, size_t most, const char* name) {
  if (field.size() > most) return Broken(std::string(name) + " is too long");
  return Ok{};
}

Status AtMost(int count, int most, const char* name) {
  if (count > most) return Broken(std::string("there are too many ") + name);
  return Ok{};
}

Status Exactly(std::string_view field, size_t size, const char* name) {
  if (field.size() != size) return Broken(std::string(name) + " has the wrong length");
  return Ok{};
}

template <class List>
Status EachAtMost(const List& list, int most, const char* name) {
  RETURN_IF_ERROR(AtMost(list.size(), most, name));
  for (const std::string& text : list) RETURN_IF_ERROR(AtMost(text, kMaxTextBytes, name));
  return Ok{};
}

Status CheckMark(const Mark& mark) {
  if (auto place = ToPlace(mark); !place) return place.error();
  return Ok{};
}

template <class List>
Status CheckMarks(const List& marks) {
  RETURN_IF_ERROR(AtMost(marks.size(), kMaxMarks, "marks"));
  for (const Mark& mark : marks) RETURN_IF_ERROR(CheckMark(mark));
  return Ok{};
}

// Memory and signature come together or not at all.
Status CheckMemory(std::string_view memory, std::string_view signature) {
  RETURN_IF_ERROR(AtMost(memory, kMaxMemoryBytes, "the memory"));
  return Exactly(signature, memory.empty() ? 0 : kSignatureBytes, "the memory's signature");
}

Status CheckDigest(const std::string& digest) {
  return Exactly(digest, digest.empty() ? 0 : kHashBytes, "the policy's digest");
}

Status CheckAccount(std::string_view account) {
  RETURN_IF_ERROR(Require(!account.empty(), "an account has no name"));
  return AtMost(account, kMaxStringBytes, "an account's name");
}

Status CheckHoldings(const google::protobuf::RepeatedPtrField<Holding>& holdings) {
  RETURN_IF_ERROR(AtMost(holdings.size(), kMaxHoldings, "holdings"));
  for (const Holding& holding : holdings) {
    RETURN_IF_ERROR(CheckAccount(holding.account()));
    RETURN_IF_ERROR(Require(holding.has_window(), "a holding has no window"));
  }
  return Ok{};
}

Status Check(const Demand& demand) {
  RETURN_IF_ERROR(Require(demand.incarnation() != 0, "a demand has no incarnation"));
  RETURN_IF_ERROR(Require(demand.claims_size() > 0, "a demand asks for nothing"));
  RETURN_IF_ERROR(AtMost(demand.claims_size(), kMaxClaims, "claims"));
  for (const Claim& claim : demand.claims()) RETURN_IF_ERROR(CheckAccount(claim.account()));
  return Ok{};
}

Status Check(const Return& returned) {
  RETURN_IF_ERROR(Require(returned.incarnation() != 0, "a return has no incarnation"));
  return CheckHoldings(returned.holdings());
}

Status Check(const Grant& grant) {
  RETURN_IF_ERROR(Require(grant.incarnation() != 0, "a grant has no incarnation"));
  RETURN_IF_ERROR(AtMost(grant.standings_size(), kMaxHoldings, "standings"));
  for (const Standing& standing : grant.standings()) {
    RETURN_IF_ERROR(CheckAccount(standing.account()));
    RETURN_IF_ERROR(Require(standing.has_window(), "a standing has no window"));
  }
  return AtMost(grant.lacking(), kMaxStringBytes, "an account's name");
}

Status Check(const Hello& hello) {
  RETURN_IF_ERROR(Exactly(hello.life(), kLifeBytes, "the life"));
  RETURN_IF_ERROR(AtMost(hello.agent_version(), kMaxTextBytes, "the version"));
  RETURN_IF_ERROR(AtMost(hello.host(), kMaxTextBytes, "the host"));
  RETURN_IF_ERROR(Exactly(hello.machine(), hello.machine().empty() ? 0 : kHashBytes, "the machine"));
  RETURN_IF_ERROR(Require(hello.now().incarnation() != 0, "the incarnation is none"));
  RETURN_IF_ERROR(CheckMark(hello.now()));
  RETURN_IF_ERROR(CheckMarks(hello.kept()));
  RETURN_IF_ERROR(CheckDigest(hello.policy_sha256()));
  RETURN_IF_ERROR(CheckHoldings(hello.holdings()));
  return CheckMemory(hello.memory(), hello.memory_signature());
}

Status Check(const Group& group) {
  RETURN_IF_ERROR(Require(group.incarnation() != 0, "a group has no incarnation"));
  RETURN_IF_ERROR(Require(group.events_size() > 0, "a group is empty"));
  RETURN_IF_ERROR(AtMost(group.events_size(), kMaxGroupEvents, "events in a group"));
  RETURN_IF_ERROR(
      Require(group.first_sequence() > 0 &&
                  group.first_sequence() <= std::numeric_limits<uint64_t>::max() - kMaxGroupEvents,
              "a group's first sequence is none"));
  for (const std::string& event : group.events()) {
    RETURN_IF_ERROR(
        Require(!event.empty() && event.size() <= kMaxEventBytes, "an event is empty or too long"));
  }
  RETURN_IF_ERROR(AtMost(group.base(), kMaxSealBytes, "a group's base"));
  return Require(!group.seal().empty() && group.seal().size() <= kMaxSealBytes, "a group's seal is none");
}

Status Check(const Events& events) {
  RETURN_IF_ERROR(Require(events.groups_size() > 0, "there are no groups"));
  RETURN_IF_ERROR(AtMost(events.groups_size(), kMaxGroups, "groups"));
  for (const Group& group : events.groups()) RETURN_IF_ERROR(Check(group));
  return Ok{};
}

Status Check(const Query& query) {
  RETURN_IF_ERROR(EachAtMost(query.key_ids(), kMaxQueryKeys, "key ids"));
  RETURN_IF_ERROR(AtMost(query.os_users_size(), kMaxQueryUsers, "OS users"));
  for (const OsIdentity& user : query.os_users()) {
    RETURN_IF_ERROR(AtMost(user.name(), kMaxTextBytes, "an OS user's name"));
    RETURN_IF_ERROR(EachAtMost(user.groups(), kMaxUserGroups, "groups of an OS user"));
  }
  return Ok{};
}

Status Check(const Heartbeat& heartbeat) {
  RETURN_IF_ERROR(Exactly(heartbeat.nonce(), kNonceBytes, "the nonce"));
  RETURN_IF_ERROR(CheckMark(heartbeat.now()));
  return Exactly(heartbeat.signature(), kSignatureBytes, "the heartbeat's signature");
}

Status Check(const Seen& seen) {
  RETURN_IF_ERROR(AtMost(seen.credential(), kMaxTextBytes, "the credential's name"));
  RETURN_IF_ERROR(CheckDigest(seen.policy_sha256()));
  return AtMost(seen.policy_refused(), kMaxSentenceBytes, "the sentence");
}

Status Check(const KeyRecord& key) {
  RETURN_IF_ERROR(
      Exactly(key.secret_sha256(), key.secret_sha256().empty() ? 0 : kHashBytes, "a key's digest"));
  RETURN_IF_ERROR(
      Exactly(key.tombstone(), key.tombstone().empty() ? 0 : kSignatureBytes, "a key's tombstone"));
  for (const std::string* text : {&key.id(), &key.user(), &key.team(), &key.organisation(), &key.label()}) {
    RETURN_IF_ERROR(AtMost(*text, kMaxTextBytes, "a field of a key"));
  }
  RETURN_IF_ERROR(EachAtMost(key.hosts(), kMaxDirectoryItems, "hosts of a key"));
  RETURN_IF_ERROR(EachAtMost(key.os_users(), kMaxDirectoryItems, "OS users of a key"));
  RETURN_IF_ERROR(EachAtMost(key.credentials(), kMaxDirectoryItems, "credentials of a key"));
  return AtMost(key.sentence(), kMaxSentenceBytes, "a key's sentence");
}

Status Check(const Tombstones& tombstones) {
  RETURN_IF_ERROR(AtMost(tombstones.keys_size(), kMaxDirectoryItems, "tombstones"));
  for (const KeyRecord& key : tombstones.keys()) RETURN_IF_ERROR(Check(key));
  return Ok{};
}

Status Check(const Welcome& welcome) {
  RETURN_IF_ERROR(Exactly(welcome.life(), kLifeBytes, "the life"));
  RETURN_IF_ERROR(AtMost(welcome.collector(), kMaxTextBytes, "the collector's id"));
  RETURN_IF_ERROR(Require(welcome.incarnation() != 0, "the incarnation is none"));
  RETURN_IF_ERROR(AtMost(welcome.why(), kMaxSentenceBytes, "the sentence"));
  RETURN_IF_ERROR(CheckMarks(welcome.acknowledged()));
  RETURN_IF_ERROR(AtMost(welcome.state_why(), kMaxSentenceBytes, "the sentence"));
  RETURN_IF_ERROR(Exactly(welcome.policy_key(), welcome.policy_key().empty() ? 0 : crypto::PublicKey::kSize,
                          "the policy key"));
  RETURN_IF_ERROR(AtMost(welcome.freeze().sentence(), kMaxSentenceBytes, "the sentence"));
  return Exactly(welcome.log_key(), crypto::PublicKey::kSize, "the log key");
}

Status Check(const Acknowledged& acknowledged) {
  RETURN_IF_ERROR(Require(acknowledged.marks_size() > 0, "nothing is acknowledged"));
  RETURN_IF_ERROR(CheckMarks(acknowledged.marks()));
  return CheckMemory(acknowledged.memory(), acknowledged.memory_signature());
}

Status Check(const OsPrincipal& principal) {
  for (const std::string* text :
       {&principal.user(), &principal.team(), &principal.organisation(), &principal.name()}) {
    RETURN_IF_ERROR(AtMost(*text, kMaxTextBytes, "a field of an OS user"));
  }
  return EachAtMost(principal.credentials(), kMaxDirectoryItems, "credentials of an OS user");
}

Status Check(const Directory& directory) {
  RETURN_IF_ERROR(AtMost(directory.keys_size(), kMaxDirectoryItems, "keys"));
  for (const KeyRecord& key : directory.keys()) RETURN_IF_ERROR(Check(key));
  RETURN_IF_ERROR(EachAtMost(directory.unknown_keys(), kMaxDirectoryItems, "unknown keys"));
  RETURN_IF_ERROR(AtMost(directory.os_users_size(), kMaxDirectoryItems, "OS users"));
  for (const OsPrincipal& principal : directory.os_users()) RETURN_IF_ERROR(Check(principal));
  return AtMost(directory.freeze().sentence(), kMaxSentenceBytes, "the sentence");
}

Status Check(const PolicyPart& part) {
  RETURN_IF_ERROR(Require(part.version() != 0, "a policy has no version"));
  RETURN_IF_ERROR(Exactly(part.sha256(), kHashBytes, "the policy's digest"));
  RETURN_IF_ERROR(Require(part.size() <= kMaxPolicyBytes, "a policy is too long"));
  RETURN_IF_ERROR(AtMost(part.piece(), kMaxPolicyPieceBytes, "a piece of a policy"));
  RETURN_IF_ERROR(Require(!part.piece().empty(), "a piece of a policy is empty"));
  return Require(part.offset() < part.size() && part.piece().size() <= part.size() - part.offset(),
                 "a piece of a policy doesn't lie in it");
}

Status Check(const HeartbeatAnswer& answer) {
  RETURN_IF_ERROR(Exactly(answer.nonce(), kNonceBytes, "the nonce"));
  return AtMost(answer.state_why(), kMaxSentenceBytes, "the sentence");
}

Status Check(const SealedCredential& credential) {
  for (const std::string* text : {&credential.name(), &credential.provider(), &credential.header()}) {
    RETURN_IF_ERROR(AtMost(*text, kMaxTextBytes, "a field of a credential"));
  }
  RETURN_IF_ERROR(Require(!credential.name().empty(), "a credential has no name"));
  RETURN_IF_ERROR(Require(credential.removed() == credential.box().empty(), "a credential is empty"));
  return AtMost(credential.box(), kMaxBoxBytes, "a credential");
}

Status Check(const Rejected& rejected) {
  RETURN_IF_ERROR(AtMost(rejected.reason(), kMaxTextBytes, "the reason"));
  return AtMost(rejected.sentence(), kMaxSentenceBytes, "the sentence");
}

}  // namespace

Status CheckBounds(const FromAgent& message) {
  switch (message.body_case()) {
    case FromAgent::kHello: return Check(message.hello());
    case FromAgent::kEvents: return Check(message.events());
    case FromAgent::kQuery: return Check(message.query());
    case FromAgent::kHeartbeat: return Check(message.heartbeat());
    case FromAgent::kSeen: return Check(message.seen());
    case FromAgent::kTombstones: return Check(message.tombstones());
    case FromAgent::kDemand: return Check(message.demand());
    case FromAgent::kReturned: return Check(message.returned());
    case FromAgent::BODY_NOT_SET: return Ok{};
  }
  return Ok{};
}

Status CheckBounds(const FromCollector& message) {
  switch (message.body_case()) {
    case FromCollector::kWelcome: return Check(message.welcome());
    case FromCollector::kAcknowledged: return Check(message.acknowledged());
    case FromCollector::kDirectory: return Check(message.directory());
    case FromCollector::kHeartbeatAnswer: return Check(message.heartbeat_answer());
    case FromCollector::kCredential: return Check(message.credential());
    case FromCollector::kRejected: return Check(message.rejected());
    case FromCollector::kPolicyPart: return Check(message.policy_part());
    case FromCollector::kGrant: return Check(message.grant());
    case FromCollector::BODY_NOT_SET: return Ok{};
  }
  return Ok{};
}

}  // namespace postern::wire
