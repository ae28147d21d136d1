#include "agent/membership/cache_store.h"

#include <utility>

#include "shared/kv/batch.h"
#include "shared/kv/cursor.h"

namespace postern::membership {
namespace {

constexpr kv::Family kRecords{0};
constexpr kv::Family kMeta{1};

constexpr uint32_t kFormat = 1;
constexpr size_t kNumber = 8;

constexpr std::string_view kKeys = "key/";
constexpr std::string_view kOsUsers = "os_user/";
constexpr std::string_view kCredentials = "credential/";

std::string Named(std::string_view prefix, std::string_view name) {
  return std::string(prefix) + std::string(name);
}

std::string Number(uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
  return bytes;
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumber; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

Error Damaged(std::string_view what) {
  return {ErrorCode::kCorrupt,
          "what this agent remembers of its collector is damaged (" + std::string(what) +
              "): move the directory membership in the state directory away; it is fetched anew"};
}

template <class Message>
Result<Message> Parse(std::string_view bytes, std::string_view what) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Damaged(what);
  return message;
}

// The first key after all that begin with the prefix.
std::string End(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

}  // namespace

Result<std::unique_ptr<CacheStore>> CacheStore::Open(const std::string& state_directory,
                                                     const Enrolment& enrolment,
                                                     std::shared_ptr<kv::Faults> faults) {
  kv::Options options;
  options.families = {"records", "meta"};
  options.format = kFormat;
  options.what = "what this agent remembers of its collector";
  options.faults = std::move(faults);
  ASSIGN_OR_RETURN(auto store, kv::Store::Open(state_directory + "/membership", std::move(options)));
  std::unique_ptr<CacheStore> cache(new CacheStore(std::move(store)));
  RETURN_IF_ERROR(cache->BelongTo(enrolment));
  return cache;
}

Status CacheStore::BelongTo(const Enrolment& enrolment) {
  const std::string owner = enrolment.agent + "@" + enrolment.collector;
  ASSIGN_OR_RETURN(const auto known, store_->Get(kMeta, "owner"));
  if (known && *known == owner) return Ok{};
  batch_.DeleteRange(kRecords, "", "\xff");
  batch_.DeleteRange(kMeta, "", "\xff");
  batch_.Put(kMeta, "owner", owner);
  return Commit();
}

Status CacheStore::Each(std::string_view prefix,
                        const std::function<Status(std::string_view, std::string_view)>& take) const {
  kv::Cursor cursor = store_->NewCursor(kRecords);
  for (cursor.Seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next())
    RETURN_IF_ERROR(take(cursor.key().substr(prefix.size()), cursor.value()));
  return cursor.status();
}

Result<Remembered> CacheStore::Read() const {
  Remembered all;
  RETURN_IF_ERROR(Each(kKeys, [&](std::string_view, std::string_view value) -> Status {
    ASSIGN_OR_RETURN(all.keys.emplace_back(), Parse<wire::KeyRecord>(value, "a key"));
    return Ok{};
  }));
  RETURN_IF_ERROR(Each(kOsUsers, [&](std::string_view, std::string_view value) -> Status {
    ASSIGN_OR_RETURN(all.os_users.emplace_back(), Parse<wire::OsPrincipal>(value, "an OS user"));
    return Ok{};
  }));
  RETURN_IF_ERROR(Each(kCredentials, [&](std::string_view, std::string_view value) -> Status {
    if (value.size() < kNumber) return Damaged("a credential");
    Remembered::Box& box = all.credentials.emplace_back();
    box.incarnation = ReadNumber(value);
    ASSIGN_OR_RETURN(box.sealed, Parse<wire::SealedCredential>(value.substr(kNumber), "a credential"));
    return Ok{};
  }));
  ASSIGN_OR_RETURN(const auto memory, store_->Get(kMeta, "memory"));
  ASSIGN_OR_RETURN(const auto signature, store_->Get(kMeta, "memory_signature"));
  if (memory && signature) all.memory = wire::SignedMemory{*memory, *signature};
  ASSIGN_OR_RETURN(const auto contact, store_->Get(kMeta, "contact"));
  all.contact = contact.value_or("");
  ASSIGN_OR_RETURN(const auto state, store_->Get(kMeta, "state"));
  if (state && (state->empty() || !wire::AgentState_IsValid((*state)[0])))
    return Damaged("this agent's state");
  if (state) all.state = static_cast<wire::AgentState>((*state)[0]);
  if (state) all.why = state->substr(1);
  ASSIGN_OR_RETURN(const auto revocation, store_->Get(kMeta, "newest_revocation"));
  if (revocation && revocation->size() != kNumber) return Damaged("a revision");
  if (revocation) all.newest_revocation = ReadNumber(*revocation);
  RETURN_IF_ERROR(ReadPolicy(all));
  return all;
}

Result<std::string> CacheStore::Policy() const {
  ASSIGN_OR_RETURN(auto policy, store_->Get(kMeta, "policy"));
  return std::move(policy).value_or("");
}

Status CacheStore::ReadPolicy(Remembered& all) const {
  ASSIGN_OR_RETURN(all.policy, Policy());
  ASSIGN_OR_RETURN(const auto mark, store_->Get(kMeta, "policy_mark"));
  if (mark && mark->size() < 2 * kNumber) return Damaged("the policy's version");
  if (mark) {
    const std::string_view bytes = *mark;
    all.policy_mark = {ReadNumber(bytes), std::string(bytes.substr(2 * kNumber))};
    all.policy_taken =
        WallTime(std::chrono::nanoseconds(static_cast<int64_t>(ReadNumber(bytes.substr(kNumber)))));
  }
  ASSIGN_OR_RETURN(const auto key, store_->Get(kMeta, "policy_key"));
  all.policy_key = key.value_or("");
  ASSIGN_OR_RETURN(const auto freeze, store_->Get(kMeta, "freeze"));
  if (freeze) {
    ASSIGN_OR_RETURN(all.freeze, Parse<wire::Freeze>(*freeze, "a freeze"));
  }
  return Ok{};
}

void CacheStore::PutKey(const wire::KeyRecord& key) {
  batch_.Put(kRecords, Named(kKeys, key.id()), key.SerializeAsString());
}

void CacheStore::ForgetKey(std::string_view id) { batch_.Delete(kRecords, Named(kKeys, id)); }

void CacheStore::PutOsUser(const wire::OsPrincipal& user) {
  batch_.Put(kRecords, Named(kOsUsers, std::to_string(user.uid())), user.SerializeAsString());
}

void CacheStore::ForgetOsUser(uid_t uid) { batch_.Delete(kRecords, Named(kOsUsers, std::to_string(uid))); }

void CacheStore::PutCredential(const wire::SealedCredential& sealed, uint64_t incarnation) {
  batch_.Put(kRecords, Named(kCredentials, sealed.name()), Number(incarnation) + sealed.SerializeAsString());
}

void CacheStore::ForgetCredential(std::string_view name) {
  batch_.Delete(kRecords, Named(kCredentials, name));
}

void CacheStore::ForgetCredentials() { batch_.DeleteRange(kRecords, kCredentials, End(kCredentials)); }

void CacheStore::PutMemory(const wire::SignedMemory& memory) {
  batch_.Put(kMeta, "memory", memory.bytes);
  batch_.Put(kMeta, "memory_signature", memory.signature);
}

void CacheStore::PutContact(std::string_view contact) { batch_.Put(kMeta, "contact", contact); }

void CacheStore::PutState(wire::AgentState state, std::string_view why) {
  batch_.Put(kMeta, "state", std::string(1, static_cast<char>(state)) + std::string(why));
}

void CacheStore::PutNewestRevocation(uint64_t revision) {
  batch_.Put(kMeta, "newest_revocation", Number(revision));
}

void CacheStore::PutPolicy(std::string_view signed_policy, const PolicyMark& mark, WallTime taken) {
  batch_.Put(kMeta, "policy", signed_policy);
  batch_.Put(
      kMeta, "policy_mark",
      Number(mark.version) + Number(static_cast<uint64_t>(taken.time_since_epoch().count())) + mark.sha256);
}

void CacheStore::PutPolicyKey(std::string_view raw) { batch_.Put(kMeta, "policy_key", raw); }

void CacheStore::PutFreeze(const wire::Freeze& freeze) {
  batch_.Put(kMeta, "freeze", freeze.SerializeAsString());
}

Status CacheStore::Commit() {
  if (batch_.empty()) return Ok{};
  if (store_->poisoned()) RETURN_IF_ERROR(store_->Reopen());
  RETURN_IF_ERROR(store_->Write(batch_, kv::Durability::kSynced));
  batch_.Clear();
  return Ok{};
}

}  // namespace postern::membership
