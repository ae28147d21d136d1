#include "agent/screening/screen.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "agent/dialect/json_cursor.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;

// What an event says in place of a name in which a secret stands.
constexpr std::string_view kHiddenName = "REDACTED";

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
    const policy::SecretVerdict verdict = Judge(IdOf(finding), *decision.place);
    decision.action = verdict.action;
    decision.policy_rule = verdict.rule;
    const bool is_in_base64 = decision.place->is_encoded && finding.encodings != 0;
    const bool can_go = finding.cut.has_value() && !IsSigned(*decision.place) && !is_in_base64;
    if (decision.action == wire::SECRET_ACTION_REDACT && !can_go) decision.action = wire::SECRET_ACTION_BLOCK;
    return decision;
  }

  // The place of this finding as an event may tell it: without names in which a secret stands.
  Place ToTell(const secrets::BodyFinding& finding, const std::vector<secrets::BodyFinding>& all) const {
    Place place = places_->At(finding.raw.begin);
    const NamesAt& names = places_->NamesOf(finding.raw.begin);
    for (const secrets::BodyFinding& one : all) {
      if (one.raw.Overlaps(names.tool)) place.tool = kHiddenName;
      if (one.raw.Overlaps(names.path)) place.path = kHiddenName;
    }
    return place;
  }

 private:
  // What another's tool says of files may ask for more, never for less.
  policy::SecretVerdict Judge(const std::string& rule, const Place& place) const {
    const policy::SecretVerdict verdict = terms_.orders.Judge(rule, place.path);
    if (place.is_its_file || place.path.empty()) return verdict;
    const policy::SecretVerdict anywhere = terms_.orders.Judge(rule, "");
    return anywhere.action > verdict.action ? anywhere : verdict;
  }

  const std::string_view body_;
  const Terms& terms_;
  std::optional<Places> places_;
  bool readable_ = false;
};

// Findings as events tell them: the same at the same place once.
class Gathering {
 public:
  Gathering(const Deciding& deciding, const secrets::BodyScan& scan, std::vector<Found>& found)
      : deciding_(deciding), scan_(scan), found_(found) {}

  size_t Add(const secrets::BodyFinding& finding, Decision decision) {
    const Place& place = *decision.place;
    const std::string& rule = deciding_.IdOf(finding);
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
                      .place = deciding_.ToTell(finding, scan_.findings),
                      .fingerprint = std::move(decision.fingerprint),
                      .length = static_cast<uint32_t>(finding.secret.size()),
                      .times = 1,
                      .known = finding.known});
    return known->second;
  }

 private:
  const Deciding& deciding_;
  const secrets::BodyScan& scan_;
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

namespace {

// What is decided about each finding of the scan. A literal within what a rule found is only of interest
// where that may stay.
std::vector<Decision> DecideAll(const secrets::BodyScan& scan, Deciding& deciding) {
  std::vector<Decision> decisions;
  std::vector<bool> goes(scan.cuts.size());
  for (const secrets::BodyFinding& finding : scan.findings) {
    const Decision& decision = decisions.emplace_back(deciding.Of(finding));
    if (!finding.covered && finding.cut && decision.action >= wire::SECRET_ACTION_REDACT)
      goes[*finding.cut] = true;
  }
  for (size_t i = 0; i < decisions.size(); ++i) {
    const secrets::BodyFinding& finding = scan.findings[i];
    if (finding.covered && finding.cut && goes[*finding.cut]) decisions[i].action = wire::SECRET_ACTION_OFF;
  }
  return decisions;
}

}  // namespace

Screened Screen(std::string_view body, const Terms& terms, secrets::Workspace& workspace) {
  Screened screened;
  Deciding deciding(body, terms);
  // What was kept here must not leave later either, without what made it a secret.
  const auto remembers = [&deciding](const secrets::BodyFinding& finding) {
    return deciding.Of(finding).action >= wire::SECRET_ACTION_REDACT;
  };
  secrets::BodyInput input{.scanner = *terms.scanner,
                           .workspace = workspace,
                           .body = body,
                           .known = terms.known,
                           .pieces = terms.pieces};
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
  std::vector<Decision> decisions = DecideAll(screened.scan, deciding);
  Gathering gathering(deciding, screened.scan, screened.found);
  for (size_t i = 0; i < decisions.size(); ++i) {
    const secrets::BodyFinding& finding = screened.scan.findings[i];
    const wire::SecretAction action = decisions[i].action;
    if (action == wire::SECRET_ACTION_OFF) continue;
    const size_t place = gathering.Add(finding, std::move(decisions[i]));
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
