#include <utility>

#include "agent/membership/membership_state.h"
#include "shared/base/log.h"
#include "shared/policy/compiled.h"

namespace postern::membership {
namespace {

Freeze ToFreeze(const wire::Freeze& freeze) {
  return {freeze.sentence(), std::chrono::sys_seconds(std::chrono::seconds(freeze.since()))};
}

}  // namespace

// ---- In memory. ----

std::optional<Freeze> Membership::State::Memory::Freezing() const {
  return freeze.frozen() ? std::optional(ToFreeze(freeze)) : std::nullopt;
}

// agent.yaml and the policy: whichever is stricter.
bool Membership::State::Memory::strict() const {
  return rules.revocation == Revocation::kStrict || (policy && policy->rules->staleness().strict);
}

std::chrono::nanoseconds Membership::State::Memory::policy_ttl() const {
  const std::chrono::nanoseconds of_policy =
      policy ? policy->rules->staleness().policy_ttl : std::chrono::seconds(0);
  return of_policy.count() == 0 ? rules.policy_ttl : std::min(rules.policy_ttl, of_policy);
}

std::shared_ptr<const PolicyInForce> Membership::policy() const {
  return state_->memory.With([](const State::Memory& present) { return present.policy; });
}

std::optional<Freeze> Membership::freeze() const {
  return state_->memory.With([](const State::Memory& present) { return present.Freezing(); });
}

Enforced Membership::enforced() const {
  return state_->memory.With([](const State::Memory& present) {
    return Enforced{present.written_policy, present.strict(),
                    std::chrono::duration_cast<std::chrono::seconds>(present.policy_ttl())};
  });
}

// ---- What comes. ----

void Membership::Take(const wire::PolicyPart& part, std::function<void(const PolicyAnswer&)> answer) {
  auto whole = state_->parts.With([&](PolicyParts& parts) { return parts.Add(part); });
  if (!whole) {
    state_->RefusePolicy(part.version(), whole.error().message);
    return answer({{part.version(), {}}, whole.error().message});
  }
  if (!*whole) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.offer = State::Offer{**std::move(whole), std::move(answer)};
  }
  state_->wake.notify_one();
}

void Membership::Use(std::shared_ptr<const policy::Catalogue> catalogue) {
  state_->memory.With([&](State::Memory& present) { present.catalogue = std::move(catalogue); });
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.recompile = true;
  }
  state_->wake.notify_one();
}

// True where it is another than before, and in force now. Of one revision the one that freezes counts.
bool Membership::State::Memory::TakeFreeze(const wire::Freeze& offered) {
  const bool newer = offered.revision() > freeze.revision();
  const bool harder = offered.revision() == freeze.revision() && offered.frozen() && !freeze.frozen();
  if (newer || harder) freeze = offered;
  return newer || harder;
}

void Membership::State::TellFreeze(const wire::Freeze& freeze) {
  Log(freeze.frozen() ? Level::kError : Level::kInfo,
      freeze.frozen() ? "the collector has frozen everything" : "the collector has ended the freeze",
      {{"sentence", freeze.sentence()}, {"revision", freeze.revision()}});
}

// The channel is the collector's own, by its CURVE key; still, another key than the first one is not taken:
// who has the channel's key hasn't the policies'.
void Membership::State::PinPolicyKey(const std::string& raw) {
  if (raw.empty()) return;
  const auto key = crypto::PublicKey::FromBytes(raw);
  if (!key) return;
  enum class Found { kFirst, kSame, kAnother };
  const Found found = memory.With([&](Memory& present) {
    if (!present.collectors_policy_key) {
      present.collectors_policy_key = *key;
      return Found::kFirst;
    }
    return *present.collectors_policy_key == *key ? Found::kSame : Found::kAnother;
  });
  if (found == Found::kFirst) Enqueue({.write = [raw](CacheStore& into) { into.PutPolicyKey(raw); }});
  if (found != Found::kAnother || options.policy_key) return;
  LOG_LIMITED(
      std::chrono::minutes(10), Level::kError,
      "the collector shows another policy key than before, which isn't taken: enrol this host anew if it "
      "was really changed",
      {});
}

// ---- In the membership thread, and once before it runs. ----

PolicyTerms Membership::State::TermsOf(const Memory& present) const {
  return {options.policy_key ? options.policy_key : present.collectors_policy_key, enrolment.collector,
          present.newest_policy};
}

Status Membership::State::RestorePolicy(const Remembered& last) {
  std::optional<crypto::PublicKey> key;
  if (!last.policy_key.empty()) {
    ASSIGN_OR_RETURN(key, crypto::PublicKey::FromBytes(last.policy_key));
  }
  const PolicyTerms terms = memory.With([&](Memory& present) {
    present.freeze = last.freeze;
    present.newest_policy = last.policy_mark;
    present.collectors_policy_key = key;
    return TermsOf(present);
  });
  if (last.policy.empty()) return Ok{};
  const auto checked = CheckCachedPolicy(last.policy, terms, *options.catalogue, last.policy_taken);
  if (!checked) {
    RefusePolicy(last.policy_mark.version,
                 "what this host remembers can't be used: " + checked.error().message);
    return Ok{};
  }
  memory.With([&](Memory& present) {
    present.policy = *checked;
    present.written_policy = last.policy_mark;
  });
  batched_policy = last.policy_mark;
  return Ok{};
}

void Membership::State::Consider(Offer offer, std::vector<Job>& jobs) {
  const auto [terms, catalogue, written] = memory.With([&](const Memory& present) {
    return std::tuple(TermsOf(present), present.catalogue, present.written_policy);
  });
  const auto checked = CheckPolicy(offer.whole, terms, *catalogue, options.wall_now());
  if (!checked) {
    RefusePolicy(offer.whole.version, checked.error().message);
    return offer.answer({{offer.whole.version, {}}, checked.error().message});
  }
  const PolicyMark mark{(*checked)->version, (*checked)->sha256};
  if (mark == written) return offer.answer({mark, {}});
  PutInForce(*checked);
  // One that is offered again while the disk fails is in what waits to be written already.
  if (mark != batched_policy) store->PutPolicy(offer.whole.bytes, mark, (*checked)->taken);
  batched_policy = mark;
  jobs.push_back({.written = [this, mark, answer = std::move(offer.answer)] {
    memory.With([&](Memory& present) { present.written_policy = mark; });
    answer({mark, {}});
  }});
}

void Membership::State::PutInForce(const std::shared_ptr<const PolicyInForce>& policy) {
  const auto former = memory.With([&](Memory& present) {
    present.newest_policy = {policy->version, policy->sha256};
    present.policy_refusal.clear();
    return std::exchange(present.policy, policy);
  });
  Changed();
  if (former && former->version == policy->version) return;
  Log(Level::kInfo, "another policy is in force",
      {{"version", policy->version}, {"former", former ? former->version : 0}});
  wire::PolicyChange change;
  change.set_version(policy->version);
  change.set_sha256(policy->sha256);
  change.set_outcome("taken");
  change.set_former_version(former ? former->version : 0);
  Record(std::move(change));
}

void Membership::State::RefusePolicy(uint64_t version, const std::string& sentence) {
  const uint64_t former = memory.With([&](Memory& present) {
    ++present.policies_refused;
    present.policy_refusal = sentence;
    return present.policy ? present.policy->version : 0;
  });
  const std::string what = std::to_string(version) + " " + sentence;
  if (!quota.With([&](RefusalQuota& left) { return left.Take(what, options.boot_now()); })) return;
  Log(Level::kError, "a policy of the collector's was not taken",
      {{"version", version}, {"reason", sentence}, {"in force", former}});
  wire::PolicyChange change;
  change.set_version(version);
  change.set_outcome("refused");
  change.set_sentence(sentence);
  change.set_former_version(former);
  Record(std::move(change));
}

// The same policy with other names of models. Where that fails the present one stays.
void Membership::State::Recompile() {
  const auto bytes = store->Policy();
  if (!bytes || bytes->empty()) return;
  const auto [terms, catalogue, present] =
      memory.With([&](const Memory& now) { return std::tuple(TermsOf(now), now.catalogue, now.policy); });
  if (!present) return;
  const auto checked = CheckCachedPolicy(*bytes, terms, *catalogue, present->taken);
  if (!checked || (*checked)->version != present->version) return;
  memory.With([&](Memory& now) { now.policy = *checked; });
  Changed();
}

void Membership::State::Record(wire::PolicyChange change) {
  if (!options.record) return;
  wire::Event event;
  *event.mutable_policy_change() = std::move(change);
  options.record(std::move(event));
}

}  // namespace postern::membership
