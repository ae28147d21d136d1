// How a text becomes a version: signed, kept, told. judging.cc says which does.
#include <algorithm>
#include <array>
#include <utility>

#include "collector/policy/policies.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/base/log.h"
#include "shared/crypto/random.h"
#include "shared/policy/signed.h"

namespace postern::policies {
namespace {

// So many versions at most, it is held, were made between a backup and the day on which it is restored.
constexpr uint64_t kMostForgotten = 1000;

// What a new collector begins with.
std::string FirstText(const std::string& organisation) {
  return "# The first policy of this collector: every model that has a price is allowed to everybody.\n"
         "# config/policy.yaml explains what else can be said.\n"
         "organisation:\n"
         "  name: " +
         JsonString(organisation) +
         "\n"
         "  models:\n"
         "    allow: [\"*\"]\n";
}

// By it the organisation names secrets in events. Every version has the first one's.
std::string MakeFingerprintKey() {
  std::array<uint8_t, 32> key{};
  crypto::RandomBytes(key);
  return {key.begin(), key.end()};
}

Error ErrorOf(const Attempt& attempt) {
  const bool wrong = attempt.outcome == Attempt::Outcome::kWrong;
  return {wrong ? ErrorCode::kInvalid : ErrorCode::kDenied, attempt.sentence};
}

bool IsRefused(Attempt::Outcome outcome) {
  return outcome != Attempt::Outcome::kDone && outcome != Attempt::Outcome::kUnchanged;
}

}  // namespace

// Without waiting for an agent to say what it has: one that is away may have any of them.
Status Policies::LeaveRoom() {
  ASSIGN_OR_RETURN(const uint64_t epoch, directory_.settings().Epoch());
  const auto decide = [&]() -> Result<directory::Draft> {
    directory::Draft draft;
    ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
    if (std::max<uint64_t>(standing.epoch, 1) < epoch && standing.version != 0)
      PutRoom(draft.change, standing, standing.next() + kMostForgotten, epoch);
    return draft;
  };
  if (auto left = directory_.registrar().Note(decide); !left) return left.error();
  return Ok{};
}

Status Policies::Begin() {
  RETURN_IF_ERROR(LeaveRoom());
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  highest_ = std::max(standing.version, standing.seen);
  if (standing.version == 0) return MakeFirst();
  ASSIGN_OR_RETURN(const auto current, Find(standing.version));
  const std::string& signer = current->version.key_id;
  if (options_.offline_key) {
    if (signer != policy::KeyIdOf(*options_.offline_key))
      Log(Level::kWarning,
          "the policy in force isn't signed with the key that collector.yaml names: hosts that "
          "insist on that key don't take it until one that is signed is applied",
          {{"version", standing.version}});
    return Ok{};
  }
  if (signer == policy::KeyIdOf(public_key())) return Ok{};
  const Candidate again{
      .source = current->source, .how = "signed anew", .force = Force::kYes, .based_on = standing.version};
  ASSIGN_OR_RETURN(const Attempt attempt,
                   Make(Actor::Local("postern-collector"), {"policy.sign", "policy", {}}, again));
  if (attempt.outcome == Attempt::Outcome::kDone)
    Log(Level::kInfo, "the policy is signed with this collector's own key again",
        {{"version", attempt.issued->version.version}});
  else
    Log(Level::kError, "the policy in force carries another key's signature and can't be signed anew",
        {{"why", attempt.sentence}});
  return Ok{};
}

Status Policies::MakeFirst() {
  const std::string text = FirstText(options_.organisation);
  const Candidate first{.source = text, .how = "made at the first start", .force = Force::kYes};
  ASSIGN_OR_RETURN(const Attempt attempt,
                   Make(Actor::Local("postern-collector"), {"policy.apply", "policy", {}}, first));
  if (attempt.outcome != Attempt::Outcome::kDone) return ErrorOf(attempt);
  Log(Level::kInfo,
      "there was no policy: version 1 allows every model that has a price to everybody; see postern policy "
      "apply");
  return Ok{};
}

Status Policies::RequireOnlineSigning() const {
  if (!options_.offline_key) return Ok{};
  return Error{
      ErrorCode::kDenied,
      "only policies that are signed offline are taken here (policy: key in collector.yaml): sign the "
      "text with postern policy sign and apply what it writes"};
}

Result<Attempt> Policies::Check(std::string_view yaml) {
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  return Judge({.source = yaml, .how = {}, .force = Force::kNo}, standing);
}

Result<Attempt> Policies::Apply(const Actor& actor, std::string_view yaml, std::optional<uint64_t> based_on,
                                Force force) {
  const directory::Act act{"policy.apply", "policy", {}};
  if (const Status online = RequireOnlineSigning(); !online) {
    RETURN_IF_ERROR(directory_.registrar().RecordRefusal(actor, act, online.error()));
    return online.error();
  }
  if (!based_on) based_on = BaseIn(yaml);
  return Make(actor, act, {.source = yaml, .how = "applied", .force = force, .based_on = based_on});
}

Result<Attempt> Policies::ApplySigned(const Actor& actor, const wire::SignedPolicy& signed_policy,
                                      Force force) {
  return Make(actor, {"policy.apply", "policy", {}},
              {.source = signed_policy.source(),
               .how = "signed offline",
               .force = force,
               .signed_policy = &signed_policy});
}

Result<Attempt> Policies::Rollback(const Actor& actor, uint64_t version, Force force) {
  const std::string action = "policy.rollback";
  Status may = RequireOnlineSigning();
  auto old = Find(version);
  if (may && !old) may = old.error();
  if (!may) {
    RETURN_IF_ERROR(directory_.registrar().RecordRefusal(actor, {action, "policy", std::to_string(version)},
                                                         may.error()));
    return may.error();
  }
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  return Make(actor, {action, "policy", {}},
              {.source = (*old)->source,
               .how = "rolled back to " + std::to_string(version),
               .force = force,
               .based_on = standing.version});
}

Result<Attempt> Policies::Edit(const Actor& actor, const directory::Act& act, const std::string& how,
                               const Editor& editor, Force force) {
  if (const Status online = RequireOnlineSigning(); !online) {
    RETURN_IF_ERROR(directory_.registrar().RecordRefusal(actor, act, online.error()));
    return online.error();
  }
  return Make(actor, act, {.source = {}, .how = how, .force = force, .editor = &editor});
}

std::string Policies::Signer(const Candidate& candidate) const {
  return candidate.signed_policy != nullptr ? candidate.signed_policy->key_id()
                                            : policy::KeyIdOf(key_.public_key());
}

Result<Attempt> Policies::Make(const Actor& actor, const directory::Act& act, const Candidate& candidate) {
  Attempt attempt;
  std::optional<Draft> made;
  bool refused = false;
  const auto decide = [&]() -> Result<directory::Draft> {
    made.reset();
    refused = false;
    ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
    Candidate judged = candidate;
    std::string edited;
    if (candidate.editor != nullptr) {
      ASSIGN_OR_RETURN(const auto in_force, Find(standing.version));
      ASSIGN_OR_RETURN(edited, (*candidate.editor)(*in_force));
      judged.source = edited;
      judged.based_on = standing.version;
    }
    ASSIGN_OR_RETURN(attempt, Judge(judged, standing));
    refused = IsRefused(attempt.outcome);
    if (refused) return ErrorOf(attempt);
    directory::Draft draft;
    if (act.target.empty()) draft.target = std::to_string(attempt.current);
    draft.sentence = "it is in force already";
    if (attempt.outcome == Attempt::Outcome::kUnchanged) return draft;
    ASSIGN_OR_RETURN(std::string fingerprint_key, FingerprintKey(standing));
    if (fingerprint_key.empty()) fingerprint_key = MakeFingerprintKey();
    ASSIGN_OR_RETURN(made, DraftOf(actor, judged, standing, fingerprint_key));
    Put(draft.change, standing, made->version, made->signed_policy);
    const std::string number = std::to_string(made->version.version);
    draft.sentence = made->version.how;
    if (act.target.empty()) draft.target = number;
    else draft.sentence += ", by version " + number + " of the policy";
    return draft;
  };
  auto revision = directory_.registrar().Perform(actor, act, decide);
  if (!revision && refused) return attempt;
  if (!revision) return revision.error();
  if (!made) return attempt;
  made->version.revision = *revision;
  highest_ = std::max(highest_.load(), made->version.version);
  ASSIGN_OR_RETURN(Issued issued, IssuedOf(made->version, std::move(made->signed_policy)));
  attempt.issued = std::make_shared<const Issued>(std::move(issued));
  cached_.With([&](Cached& cached) {
    if (!cached.issued || cached.issued->version.version < attempt.issued->version.version)
      cached = {attempt.issued, std::nullopt};
  });
  Tell();
  return attempt;
}

// Of the version in force; empty where it has none, or there is none.
Result<std::string> Policies::FingerprintKey(const Standing& standing) {
  if (standing.version == 0) return std::string();
  ASSIGN_OR_RETURN(const auto current, Find(standing.version));
  return current->policy.secrets().fingerprint_key();
}

Result<Policies::Draft> Policies::DraftOf(const Actor& actor, const Candidate& candidate,
                                          const Standing& standing,
                                          const std::string& fingerprint_key) const {
  Draft draft;
  draft.version = {.version = standing.next(),
                   .former = standing.version,
                   .made = options_.wall_now(),
                   .author = actor.name,
                   .administrator = actor.administrator,
                   .how = candidate.how,
                   .key_id = Signer(candidate)};
  if (candidate.signed_policy != nullptr) {
    draft.signed_policy = *candidate.signed_policy;
  } else {
    Reader::Read read = reader_.ReadText(candidate.source, draft.version.made);
    if (!read.file) return Error{ErrorCode::kInvalid, read.wrong->sentence};
    wire::Policy& policy = read.file->policy;
    policy.set_version(draft.version.version);
    ASSIGN_OR_RETURN(*policy.mutable_collector(), FromHex(options_.collector));
    policy.set_made(std::chrono::nanoseconds(draft.version.made.time_since_epoch()).count());
    policy.set_author(actor.name);
    policy.mutable_secrets()->set_fingerprint_key(fingerprint_key);
    draft.signed_policy = policy::Sign(policy, candidate.source, key_);
  }
  draft.version.sha256 = crypto::Sha256(draft.signed_policy.snapshot());
  RETURN_IF_ERROR(IssuedOf(draft.version, draft.signed_policy));  // it isn't too large
  return draft;
}

}  // namespace postern::policies
