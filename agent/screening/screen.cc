#include "agent/screening/screen.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "agent/dialect/json_cursor.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;

// What is to be done with one finding.
struct Decision {
  wire::SecretAction action = wire::SECRET_ACTION_BLOCK;
  std::string policy_rule;
  std::string fingerprint;
  const Place* place = nullptr;
};

// Decides about findings of one body. Where things stand in it is looked up only once there is a finding.
class Deciding {
 public:
  Deciding(std::string_view body, const Terms& terms) : body_(body), terms_(terms) {}

  bool has_places() {
    if (!places_) {
      dialect::JsonCursor json;
      auto places = Places::Of(body_, json);
      readable_ = places.has_value();
      places_ = places ? *std::move(places) : Places();
    }
    return readable_;
  }

  const std::string& IdOf(const secrets::BodyFinding& finding) const {
    return terms_.scanner->rules().rules[finding.rule].id;
  }

  Decision Of(const secrets::BodyFinding& finding) {
    Decision decision;
    has_places();
    decision.place = &places_->At(finding.raw.begin);
    decision.fingerprint = FingerprintOf(terms_.fingerprint_key(), finding.secret);
    if (terms_.policy != nullptr && !terms_.policy->AllowsSecret(decision.fingerprint, terms_.now).empty()) {
      decision.action = wire::SECRET_ACTION_OFF;
      return decision;
    }
    const policy::SecretVerdict verdict = terms_.orders.Judge(IdOf(finding), decision.place->path);
    decision.action = verdict.action;
    decision.policy_rule = verdict.rule;
    const bool can_go = finding.cut.has_value() && !IsSigned(*decision.place);
    if (decision.action == wire::SECRET_ACTION_REDACT && !can_go) decision.action = wire::SECRET_ACTION_BLOCK;
    return decision;
  }

 private:
  const std::string_view body_;
  const Terms& terms_;
  std::optional<Places> places_;
  bool readable_ = false;
};

// Findings as events tell them: the same at the same place once.
class Gathering {
 public:
  explicit Gathering(std::vector<Found>& found) : found_(found) {}

  size_t Add(const std::string& rule, const secrets::BodyFinding& finding, Decision decision) {
    const Place& place = *decision.place;
    std::string key = rule + '\n' + decision.fingerprint + '\n' + std::to_string(decision.action);
    if (found_.size() < kMostFound) {
      key += '\n' + std::to_string(place.message) + ' ' + std::to_string(place.block) + ' ' + place.part;
    } else {
      key = rule;  // beyond the bound nothing but the rule tells them apart
    }
    const auto [known, is_new] = places_.try_emplace(std::move(key), found_.size());
    if (!is_new) {
      Found& found = found_[known->second];
      ++found.times;
      found.known = found.known && finding.known;
      return known->second;
    }
    found_.push_back({.rule = rule,
                      .action = decision.action,
                      .policy_rule = std::move(decision.policy_rule),
                      .place = place,
                      .fingerprint = std::move(decision.fingerprint),
                      .length = static_cast<uint32_t>(finding.secret.size()),
                      .times = 1,
                      .known = finding.known});
    return known->second;
  }

 private:
  std::vector<Found>& found_;
  std::unordered_map<std::string, size_t> places_;
};

Outcome OutcomeOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid: return Outcome::kUnreadable;
    case ErrorCode::kUnavailable: return Outcome::kNoMemory;
    default: return Outcome::kTooMuch;
  }
}

}  // namespace

std::string_view Terms::fingerprint_key() const {
  if (policy != nullptr && !policy->secret_terms().fingerprint_key.empty())
    return policy->secret_terms().fingerprint_key;
  return keys->fingerprint.view();
}

Screened Screen(std::string_view body, const Terms& terms, secrets::Workspace& workspace) {
  Screened screened;
  Deciding deciding(body, terms);
  const auto remembers = [&deciding](const secrets::BodyFinding& finding) {
    return deciding.Of(finding).action == wire::SECRET_ACTION_REDACT;
  };
  secrets::BodyInput input{
      .scanner = *terms.scanner, .workspace = workspace, .body = body, .known = terms.known};
  if (terms.remembers) input.remembers = remembers;
  auto scan = secrets::ScanBody(input);
  if (!scan) {
    screened.outcome = OutcomeOf(scan.error());
    return screened;
  }
  screened.scan = *std::move(scan);
  screened.outcome = Outcome::kClean;
  if (screened.scan.findings.empty()) return screened;
  if (!deciding.has_places()) {
    screened.outcome = Outcome::kUnreadable;
    return screened;
  }
  Gathering gathering(screened.found);
  for (const secrets::BodyFinding& finding : screened.scan.findings) {
    Decision decision = deciding.Of(finding);
    const wire::SecretAction action = decision.action;
    if (action == wire::SECRET_ACTION_OFF) continue;
    const size_t place = gathering.Add(deciding.IdOf(finding), finding, std::move(decision));
    if (action == wire::SECRET_ACTION_REDACT) screened.cuts.push_back(*finding.cut);
    if (action == wire::SECRET_ACTION_BLOCK && screened.outcome != Outcome::kBlocked) {
      screened.outcome = Outcome::kBlocked;
      screened.blocked_by = place;
    }
  }
  std::sort(screened.cuts.begin(), screened.cuts.end());
  screened.cuts.erase(std::unique(screened.cuts.begin(), screened.cuts.end()), screened.cuts.end());
  if (screened.outcome == Outcome::kBlocked || screened.cuts.empty()) return screened;
  screened.body = secrets::RedactBody(body, screened.scan, screened.cuts, terms.keys->placeholder.view());
  screened.outcome = Outcome::kRedacted;
  return screened;
}

}  // namespace postern::screening
