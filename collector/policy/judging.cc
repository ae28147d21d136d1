// How a text is judged that may become a version: by what it says, by what is in force, by who signed it.
#include <algorithm>
#include <charconv>
#include <utility>

#include "collector/policy/limit_units.h"
#include "collector/policy/policies.h"
#include "shared/base/hex.h"
#include "shared/policy/signed.h"

namespace postern::policies {
namespace {

constexpr std::string_view kBaseMark = "# postern policy: version ";

std::string_view WithoutBase(std::string_view yaml) {
  if (!BaseIn(yaml)) return yaml;
  return yaml.substr(std::min(yaml.find('\n'), yaml.size() - 1) + 1);
}

const Problem* FirstOf(const Assessment& assessment, Problem::Weight weight) {
  const auto found = std::find_if(assessment.problems.begin(), assessment.problems.end(),
                                  [&](const Problem& problem) { return problem.weight == weight; });
  return found == assessment.problems.end() ? nullptr : &*found;
}

// "policy.yaml:12: sentence", once.
std::string Placed(const Problem& problem) {
  if (problem.line == 0 || LineIn(problem.sentence) != 0) return problem.sentence;
  return "policy.yaml:" + std::to_string(problem.line) + ": " + problem.sentence;
}

// The zone's table may be another's, since it is made where the text is read.
bool SaysWhatWasSigned(const wire::SignedPolicy& signed_policy, const policy::PolicyFile& file) {
  wire::Policy was_signed;
  if (!was_signed.ParseFromString(signed_policy.snapshot())) return false;
  wire::Policy read = file.policy;
  read.set_version(was_signed.version());
  read.set_collector(was_signed.collector());
  read.set_made(was_signed.made());
  read.set_author(was_signed.author());
  if (read.time_zone().name() != was_signed.time_zone().name()) return false;
  *read.mutable_time_zone() = was_signed.time_zone();
  if (const std::string& key = was_signed.secrets().fingerprint_key(); !key.empty())
    read.mutable_secrets()->set_fingerprint_key(key);
  return read.SerializeAsString() == was_signed.SerializeAsString();
}

void Refuse(Attempt& attempt, Attempt::Outcome outcome, std::string sentence) {
  attempt.outcome = outcome;
  attempt.sentence = std::move(sentence);
}

std::string StaleSentence(uint64_t base, const Version& current) {
  return "the text is a change of version " + std::to_string(base) + ", and version " +
         std::to_string(current.version) + (current.author.empty() ? "" : " by " + current.author) +
         " is in force";
}

}  // namespace

std::optional<uint64_t> BaseIn(std::string_view yaml) {
  if (!yaml.starts_with(kBaseMark)) return std::nullopt;
  const std::string_view line = yaml.substr(0, yaml.find('\n'));
  uint64_t version = 0;
  const char* begin = line.data() + kBaseMark.size();
  const char* end = line.data() + line.size();
  if (begin != end && end[-1] == '\r') --end;
  const auto parsed = std::from_chars(begin, end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return version;
}

std::string WithBase(std::string_view yaml, uint64_t version) {
  return std::string(kBaseMark) + std::to_string(version) + "\n" + std::string(WithoutBase(yaml));
}

Result<Attempt> Policies::Judge(const Candidate& candidate, const Standing& standing) {
  Attempt attempt;
  attempt.current = standing.version;
  if (candidate.signed_policy != nullptr) {
    ASSIGN_OR_RETURN(const std::string fingerprint_key, FingerprintKey(standing));
    if (auto checked = CheckSigned(candidate, standing, fingerprint_key); !checked) {
      const bool stale = checked.error().code == ErrorCode::kDenied;
      Refuse(attempt, stale ? Attempt::Outcome::kStale : Attempt::Outcome::kWrong, checked.error().message);
      attempt.assessment.problems.push_back({Problem::Weight::kWrong, 0, {}, checked.error().message});
      return attempt;
    }
  }
  Reader::Read read = reader_.ReadText(candidate.source, options_.wall_now());
  if (read.wrong) {
    Refuse(attempt, Attempt::Outcome::kWrong, read.wrong->sentence);
    attempt.assessment.problems.push_back(*std::move(read.wrong));
    return attempt;
  }
  if (candidate.signed_policy != nullptr && !SaysWhatWasSigned(*candidate.signed_policy, *read.file)) {
    Refuse(attempt, Attempt::Outcome::kWrong, "what was signed says something else than the text");
    attempt.assessment.problems.push_back({Problem::Weight::kWrong, 0, {}, attempt.sentence});
    return attempt;
  }
  std::shared_ptr<const Issued> current;
  if (standing.version != 0) {
    ASSIGN_OR_RETURN(current, Find(standing.version));
  }
  RETURN_IF_ERROR(Weigh(attempt, candidate, *read.file, current.get()));
  // Hosts that go by a version which is forgotten here get the same text as a newer one.
  if (attempt.outcome == Attempt::Outcome::kUnchanged && standing.is_overtaken())
    attempt.outcome = Attempt::Outcome::kDone;
  if (attempt.outcome == Attempt::Outcome::kUnchanged) attempt.issued = current;
  return attempt;
}

Status Policies::Weigh(Attempt& attempt, const Candidate& candidate, const policy::PolicyFile& file,
                       const Issued* current) {
  const WallTime now = options_.wall_now();
  ASSIGN_OR_RETURN(const policy::People people, PeopleOf(directory_));
  Assessment& assessment = attempt.assessment;
  assessment.problems = reader_.Doubts(file, people, now);
  if (current != nullptr) {
    assessment.comparison = policy::Compare(current->policy, file.policy, reader_.catalogue(), people, now);
    if (candidate.based_on && *candidate.based_on != attempt.current)
      return JudgeBase(attempt, *candidate.based_on, *current);
    if (WithoutBase(candidate.source) == WithoutBase(current->source) &&
        Signer(candidate) == current->version.key_id) {
      attempt.outcome = Attempt::Outcome::kUnchanged;
      return Ok{};
    }
    if (auto changed = ChangedUnit(current->policy, file)) {
      Refuse(attempt, Attempt::Outcome::kWrong, Placed(*changed));
      assessment.problems.insert(assessment.problems.begin(), *std::move(changed));
      return Ok{};
    }
    ASSIGN_OR_RETURN(auto returned, UnitsBefore(file, *current));
    if (returned) assessment.problems.push_back(*std::move(returned));
  }
  const Problem* doubt = FirstOf(assessment, Problem::Weight::kNeedsForce);
  if (doubt != nullptr && candidate.force == Force::kNo)
    Refuse(attempt, Attempt::Outcome::kNeedsForce, Placed(*doubt) + " (it can be forced)");
  return Ok{};
}

Result<std::optional<Problem>> Policies::UnitsBefore(const policy::PolicyFile& file, const Issued& current) {
  std::shared_ptr<const Issued> looked_at;
  return ReturnsInAnotherUnit(current.policy, file, [&](uint64_t version) -> Result<const wire::Policy*> {
    auto found = Find(version);
    if (!found && found.error().code == ErrorCode::kNotFound) return nullptr;
    if (!found) return found.error();
    looked_at = *std::move(found);
    return &looked_at->policy;
  });
}

Status Policies::JudgeBase(Attempt& attempt, uint64_t base, const Issued& current) {
  Refuse(attempt, Attempt::Outcome::kStale, StaleSentence(base, current.version));
  const auto old = Find(base);
  if (!old && old.error().code != ErrorCode::kNotFound) return old.error();
  if (!old) {
    attempt.sentence += "; there is no version " + std::to_string(base);
    return Ok{};
  }
  ASSIGN_OR_RETURN(const policy::People people, PeopleOf(directory_));
  attempt.missed =
      policy::Compare((*old)->policy, current.policy, reader_.catalogue(), people, options_.wall_now());
  return Ok{};
}

// kDenied where it is a version that can't be the next one any more, kInvalid for anything else.
Result<wire::Policy> Policies::CheckSigned(const Candidate& candidate, const Standing& standing,
                                           std::string_view fingerprint_key) const {
  const auto invalid = [](std::string sentence) { return Error{ErrorCode::kInvalid, std::move(sentence)}; };
  if (!options_.offline_key)
    return invalid("this collector knows no offline key: policy: key in collector.yaml names it");
  auto policy = policy::Verify(*candidate.signed_policy, *options_.offline_key);
  if (!policy) return invalid(policy.error().message);
  if (ToHex(policy->collector()) != options_.collector)
    return invalid("the policy is signed for another collector");
  if (policy->source_sha256() != crypto::AsBytes(crypto::Sha256(candidate.source)))
    return invalid("the text isn't the one that was signed");
  if (!fingerprint_key.empty() && policy->secrets().fingerprint_key() != fingerprint_key)
    return invalid("it is signed without this collector's key for fingerprints of secrets: sign it again");
  if (policy->version() == standing.next()) return policy;
  return Error{ErrorCode::kDenied, "it is signed as version " + std::to_string(policy->version()) +
                                       ", and the next one is " + std::to_string(standing.next()) +
                                       ": look at what has changed, and sign again"};
}

}  // namespace postern::policies
