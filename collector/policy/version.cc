#include "collector/policy/version.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "shared/policy/signed.h"
#include "shared/wire/conversation.h"

namespace postern::policies {
namespace {

using store::RecordKind;

constexpr const char* kInForce = "policy";
constexpr const char* kSeen = "policy.seen";
constexpr const char* kBeyond = "policy.beyond";
constexpr const char* kEpoch = "policy.epoch";
constexpr const char* kFreeze = "freeze";

Error Damaged(const std::string& what) { return {ErrorCode::kCorrupt, what + " is damaged"}; }

std::string NameOf(uint64_t version) { return "version " + std::to_string(version) + " of the policy"; }

struct Number {
  uint64_t value = 0;
  uint64_t revision = 0;
};

Result<Number> ReadNumber(store::Store& store, const char* name) {
  ASSIGN_OR_RETURN(const auto record, store.Get(RecordKind::kSetting, name));
  Number number;
  if (!record) return number;
  number.revision = record->revision;
  const char* end = record->bytes.data() + record->bytes.size();
  const auto parsed = std::from_chars(record->bytes.data(), end, number.value);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return Damaged("the setting \"" + std::string(name) + '"');
  return number;
}

store::Change::Put PutOf(RecordKind kind, std::string id, std::string bytes, uint64_t expected) {
  store::Change::Put put;
  put.record.kind = kind;
  put.record.id = std::move(id);
  put.record.bytes = std::move(bytes);
  put.expected = expected;
  return put;
}

Result<Version> VersionOf(const store::Record& record) {
  wire::PolicyRecord stored;
  if (!stored.ParseFromString(record.bytes) || std::to_string(stored.version()) != record.id)
    return Damaged("the record of a policy's version");
  crypto::Digest sha256{};
  if (stored.sha256().size() != sha256.size()) return Damaged("the record of a policy's version");
  std::copy(stored.sha256().begin(), stored.sha256().end(), sha256.begin());
  return Version{.version = stored.version(),
                 .former = stored.former(),
                 .made = WallTime(std::chrono::nanoseconds(stored.made())),
                 .author = stored.author(),
                 .administrator = stored.administrator(),
                 .how = stored.how(),
                 .sha256 = sha256,
                 .key_id = stored.key_id(),
                 .revision = record.revision};
}

wire::PolicyRecord RecordOf(const Version& version) {
  wire::PolicyRecord record;
  record.set_version(version.version);
  record.set_former(version.former);
  record.set_made(std::chrono::nanoseconds(version.made.time_since_epoch()).count());
  record.set_author(version.author);
  record.set_administrator(version.administrator);
  record.set_how(version.how);
  record.set_sha256(std::string(crypto::AsBytes(version.sha256)));
  record.set_key_id(version.key_id);
  return record;
}

}  // namespace

Result<Standing> ReadStanding(store::Store& store) {
  ASSIGN_OR_RETURN(const Number version, ReadNumber(store, kInForce));
  ASSIGN_OR_RETURN(const Number seen, ReadNumber(store, kSeen));
  ASSIGN_OR_RETURN(const Number beyond, ReadNumber(store, kBeyond));
  ASSIGN_OR_RETURN(const Number epoch, ReadNumber(store, kEpoch));
  return Standing{.version = version.value,
                  .seen = seen.value,
                  .beyond = beyond.value,
                  .epoch = epoch.value,
                  .version_revision = version.revision,
                  .seen_revision = seen.revision,
                  .beyond_revision = beyond.revision,
                  .epoch_revision = epoch.revision};
}

Result<Version> ReadVersion(store::Store& store, uint64_t version) {
  ASSIGN_OR_RETURN(const auto record, store.Get(RecordKind::kPolicy, std::to_string(version)));
  if (!record) return Error{ErrorCode::kNotFound, "there is no " + NameOf(version)};
  return VersionOf(*record);
}

Result<std::shared_ptr<const Issued>> ReadIssued(store::Store& store, uint64_t version) {
  ASSIGN_OR_RETURN(Version read, ReadVersion(store, version));
  ASSIGN_OR_RETURN(const auto record, store.Get(RecordKind::kSnapshot, std::to_string(version)));
  wire::SignedPolicy signed_policy;
  if (!record || !signed_policy.ParseFromString(record->bytes)) return Damaged(NameOf(version));
  if (crypto::Sha256(signed_policy.snapshot()) != read.sha256) return Damaged(NameOf(version));
  ASSIGN_OR_RETURN(Issued issued, IssuedOf(std::move(read), std::move(signed_policy)));
  return std::make_shared<const Issued>(std::move(issued));
}

Result<wire::Freeze> ReadFreeze(store::Store& store) {
  ASSIGN_OR_RETURN(const auto record, store.Get(RecordKind::kSetting, kFreeze));
  wire::Freeze freeze;
  if (!record) return freeze;
  if (!freeze.ParseFromString(record->bytes)) return Damaged("the setting \"freeze\"");
  freeze.set_revision(record->revision);
  return freeze;
}

Result<std::vector<std::string>> CheckVersions(store::Store& store,
                                               const std::vector<crypto::PublicKey>& keys) {
  std::vector<std::string> problems;
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store));
  for (uint64_t version = standing.version; version != 0;) {
    const auto issued = ReadIssued(store, version);
    if (!issued && issued.error().code == ErrorCode::kUnavailable) return issued.error();
    if (!issued) {
      problems.push_back(NameOf(version) + ": " + issued.error().message);
      return problems;  // what came before it isn't known
    }
    const Version& read = (*issued)->version;
    wire::SignedPolicy sent;
    if (!sent.ParseFromString((*issued)->sent)) return Damaged(NameOf(version));
    for (const crypto::PublicKey& key : keys) {
      if (policy::KeyIdOf(key) == read.key_id && !policy::Verify(sent, key))
        problems.push_back(NameOf(version) + ": its signature is wrong");
    }
    if (read.former >= version) {
      problems.push_back(NameOf(version) + ": its history is wrong");
      return problems;
    }
    version = read.former;
  }
  return problems;
}

Result<Issued> IssuedOf(Version version, wire::SignedPolicy signed_policy) {
  Issued issued;
  issued.version = std::move(version);
  if (!issued.policy.ParseFromString(signed_policy.snapshot()))
    return Damaged(NameOf(issued.version.version));
  issued.source = std::move(*signed_policy.mutable_source());
  signed_policy.clear_source();
  issued.sent = signed_policy.SerializeAsString();
  if (issued.sent.size() > wire::kMaxPolicyBytes)
    return Error{ErrorCode::kInvalid, "the policy is larger than the 32 MiB that agents take"};
  issued.sent_sha256 = crypto::Sha256(issued.sent);
  return issued;
}

void Put(store::Change& change, const Standing& standing, const Version& version,
         const wire::SignedPolicy& signed_policy) {
  const std::string number = std::to_string(version.version);
  change.records.push_back(PutOf(RecordKind::kSetting, kInForce, number, standing.version_revision));
  change.records.push_back(PutOf(RecordKind::kPolicy, number, RecordOf(version).SerializeAsString(), 0));
  change.records.push_back(PutOf(RecordKind::kSnapshot, number, signed_policy.SerializeAsString(), 0));
}

void PutSeen(store::Change& change, const Standing& standing, uint64_t seen) {
  change.records.push_back(PutOf(RecordKind::kSetting, kSeen, std::to_string(seen), standing.seen_revision));
}

void PutRoom(store::Change& change, const Standing& standing, uint64_t beyond, uint64_t epoch) {
  change.records.push_back(
      PutOf(RecordKind::kSetting, kBeyond, std::to_string(beyond), standing.beyond_revision));
  change.records.push_back(
      PutOf(RecordKind::kSetting, kEpoch, std::to_string(epoch), standing.epoch_revision));
}

void PutFreeze(store::Change& change, wire::Freeze freeze) {
  const uint64_t expected = freeze.revision();
  freeze.clear_revision();
  change.records.push_back(PutOf(RecordKind::kSetting, kFreeze, freeze.SerializeAsString(), expected));
}

}  // namespace postern::policies
