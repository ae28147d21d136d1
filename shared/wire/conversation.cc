#include "shared/wire/conversation.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <google/protobuf/stubs/logging.h>

#include "shared/wire/event.h"

namespace postern::wire {
namespace {

// Keep these signatures from being taken for any other that the same keys make.
constexpr std::string_view kMemoryContext = "postern memory v1\n";
constexpr std::string_view kTombstoneContext = "postern tombstone v1\n";
constexpr std::string_view kHeartbeatContext = "postern heartbeat v1\n";

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

Status CheckBody(const FromAgent& message) {
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

Status CheckBody(const FromCollector& message) {
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

// protobuf writes a line to standard error for each text that isn't UTF-8: no sender may fill a log that way.
template <class Message>
bool Parse(Message& message, std::string_view bytes) {
  [[maybe_unused]] static const auto replaced = google::protobuf::SetLogHandler(nullptr);
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

template <class Message>
Result<Message> DecodeMessage(std::string_view frame) {
  RETURN_IF_ERROR(Require(frame.size() <= kMaxFrameBytes, "the frame is too long"));
  Message message;
  if (!Parse(message, frame)) return Broken("the frame is no message");
  if (message.version() != kConversationVersion) {
    return Broken("version " + std::to_string(message.version()) + " of the conversation isn't spoken here");
  }
  RETURN_IF_ERROR(CheckBody(message));
  return message;
}

template <class Message>
Result<std::string> EncodeMessage(Message message) {
  message.set_version(kConversationVersion);
  RETURN_IF_ERROR(CheckBody(message));
  std::string frame = message.SerializeAsString();
  RETURN_IF_ERROR(Require(frame.size() <= kMaxFrameBytes, "the frame is too long"));
  return frame;
}

// protobuf writes a string that isn't UTF-8 and then refuses to read it: the other side must not meet one.
template <class Message>
Result<std::string> Readable(Result<std::string> frame) {
  Message message;
  if (frame && !Parse(message, *frame)) return Broken("a text of the message isn't UTF-8");
  return frame;
}

void AppendBigEndian(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

std::string HeartbeatText(std::string_view nonce, const Mark& now) {
  std::string text(kHeartbeatContext);
  text += nonce;
  AppendBigEndian(text, now.incarnation());
  AppendBigEndian(text, now.sequence());
  text += now.head();
  return text;
}

}  // namespace

Result<std::string> Encode(FromAgent message) {
  const bool has_texts = !message.has_events();
  auto frame = EncodeMessage(std::move(message));
  return has_texts ? Readable<FromAgent>(std::move(frame)) : std::move(frame);
}

Result<std::string> Encode(FromCollector message) {
  return Readable<FromCollector>(EncodeMessage(std::move(message)));
}

Result<FromAgent> DecodeFromAgent(std::string_view frame) { return DecodeMessage<FromAgent>(frame); }
Result<FromCollector> DecodeFromCollector(std::string_view frame) {
  return DecodeMessage<FromCollector>(frame);
}

Mark ToMark(const Place& place) {
  Mark mark;
  mark.set_incarnation(place.incarnation);
  mark.set_sequence(place.sequence);
  mark.set_head(std::string(crypto::AsBytes(place.head)));
  return mark;
}

Result<Place> ToPlace(const Mark& mark) {
  Place place{mark.incarnation(), mark.sequence(), kFirstHead};
  if (mark.sequence() == 0 && mark.head().empty()) return place;
  if (mark.head().size() != place.head.size()) return Broken("a mark's head has the wrong length");
  std::copy(mark.head().begin(), mark.head().end(), place.head.begin());
  return place;
}

SignedMemory SignMemory(const Memory& memory, const crypto::SigningKey& log_key) {
  SignedMemory result;
  result.bytes = memory.SerializeAsString();
  const crypto::Signature signature = log_key.Sign(std::string(kMemoryContext) + result.bytes);
  result.signature = crypto::AsBytes(signature);
  return result;
}

Result<Memory> OpenMemory(std::string_view bytes, std::string_view signature,
                          const crypto::PublicKey& log_key) {
  if (!log_key.Verify(std::string(kMemoryContext).append(bytes), signature)) {
    return Error{ErrorCode::kDenied, "the memory isn't signed by this collector's log key"};
  }
  Memory memory;
  if (!Parse(memory, bytes)) return Broken("the memory is no message");
  RETURN_IF_ERROR(CheckMark(memory.acknowledged()));
  return memory;
}

std::string SignTombstone(std::string_view key_id, const crypto::SigningKey& log_key) {
  const crypto::Signature signature = log_key.Sign(std::string(kTombstoneContext).append(key_id));
  return std::string(crypto::AsBytes(signature));
}

bool VerifyTombstone(const KeyRecord& key, const crypto::PublicKey& log_key) {
  return log_key.Verify(std::string(kTombstoneContext) + key.id(), key.tombstone());
}

void SignHeartbeat(Heartbeat& heartbeat, std::string_view nonce, const Place& now,
                   const crypto::SigningKey& seal_key) {
  heartbeat.set_nonce(std::string(nonce));
  *heartbeat.mutable_now() = ToMark(now);
  const crypto::Signature signature = seal_key.Sign(HeartbeatText(nonce, heartbeat.now()));
  heartbeat.set_signature(std::string(crypto::AsBytes(signature)));
}

bool VerifyHeartbeat(const Heartbeat& heartbeat, const crypto::PublicKey& seal_key) {
  // Another length of either would let the same signed bytes be read in another way.
  if (heartbeat.nonce().size() != kNonceBytes || heartbeat.now().head().size() != kHashBytes) return false;
  return seal_key.Verify(HeartbeatText(heartbeat.nonce(), heartbeat.now()), heartbeat.signature());
}

}  // namespace postern::wire
