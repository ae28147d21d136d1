#include "agent/screening/answer_judge.h"

#include "shared/secrets/redaction.h"

namespace postern::screening {

std::string_view AnswerTerms::fingerprint_key() const {
  if (policy != nullptr && !policy->secret_terms().fingerprint_key.empty())
    return policy->secret_terms().fingerprint_key;
  return keys->fingerprint.view();
}

std::string_view AnswerBlock::part() const {
  if (type == "text" || type == "thinking") return type;
  return is_tool() ? "tool_input" : "other";
}

std::optional<secrets::StreamScan> AnswerJudge::ScanFor(const AnswerBlock& block, Doing doing) {
  if (terms_.scanner == nullptr || block.part() == "other") return std::nullopt;
  secrets::StreamTerms terms{
      .scanner = *terms_.scanner,
      .form = block.is_tool() ? secrets::StreamForm::kJson : secrets::StreamForm::kText,
      .literals = terms_.literals};
  if (doing == Doing::kReplace && block.type != "thinking")
    terms.replace = [this](const secrets::Finding& finding, std::string_view original) {
      return Replaced(finding, original);
    };
  return secrets::StreamScan(terms);
}

bool AnswerJudge::Restores(const AnswerBlock& block) const {
  return block.type == "tool_use" && terms_.original && terms_.orders.Restores(block.tool);
}

Restored AnswerJudge::Restore(std::string_view json) {
  Restored restored = RestoreOriginals(json, terms_.original);
  restored_ += restored.times;
  return restored;
}

// What is to be done with it. In answers no file is named, and nothing is blocked: what would be is replaced.
wire::SecretAction AnswerJudge::ActionFor(const secrets::Finding& finding, Found& found) const {
  found.rule = terms_.scanner->rules().rules[finding.rule].id;
  found.fingerprint = FingerprintOf(terms_.fingerprint_key(), finding.secret);
  found.length = static_cast<uint32_t>(finding.secret.size());
  if (terms_.policy != nullptr && !terms_.policy->AllowsSecret(found.fingerprint, terms_.now).empty())
    return wire::SECRET_ACTION_OFF;
  const policy::SecretVerdict verdict = terms_.orders.Judge(found.rule, "");
  found.policy_rule = verdict.rule;
  return verdict.action == wire::SECRET_ACTION_BLOCK ? wire::SECRET_ACTION_REDACT : verdict.action;
}

std::string AnswerJudge::Replaced(const secrets::Finding& finding, std::string_view original) {
  Found found;
  if (ActionFor(finding, found) != wire::SECRET_ACTION_REDACT) return {};
  std::string placeholder = secrets::PlaceholderFor(terms_.keys->placeholder.view(), original);
  if (terms_.keep) terms_.keep(placeholder, original);
  return placeholder;
}

void AnswerJudge::Note(const secrets::StreamScan& scan, const AnswerBlock& block) {
  for (const secrets::StreamFinding& one : scan.findings()) {
    if (found_.size() >= kMostFound) return;
    Found found;
    found.action = ActionFor(one.finding, found);
    if (found.action == wire::SECRET_ACTION_OFF) continue;
    if (!one.replaced) found.action = wire::SECRET_ACTION_WARN;
    found.place.part = block.part();
    found.place.block = static_cast<uint32_t>(block.index);
    found.place.tool = block.tool;
    found_.push_back(std::move(found));
  }
}

}  // namespace postern::screening
