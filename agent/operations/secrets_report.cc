#include "agent/operations/secrets_report.h"

#include "agent/gate/metrics.h"
#include "shared/base/json_text.h"

namespace postern::operations {
namespace {

// "ready", "compiling", "failed": of the rules that are wanted. "compiling" with others in use serves, too.
const char* StateOf(const screening::RulesInUse& rules) {
  if (rules.compiling || (rules.scanner == nullptr && rules.wrong.empty())) return "compiling";
  return rules.wrong.empty() ? "ready" : "failed";
}

}  // namespace

SecretsView ViewSecrets(const screening::Screening& screening) {
  return {screening.rules(), screening.counts(), screening.sessions().size(), screening.sessions().bytes()};
}

void AppendSecretsMetrics(std::string& out, const SecretsView& view) {
  gate::MetricsText text(out);
  const screening::Counts& counts = view.counts;
  text.Family("postern_secrets_total", "counter", "Secrets that stood in requests, by what was done.");
  text.Sample("postern_secrets_total", gate::MetricsText::Label("action", "warn"), counts.warned);
  text.Sample("postern_secrets_total", gate::MetricsText::Label("action", "redact"), counts.redacted);
  text.Sample("postern_secrets_total", gate::MetricsText::Label("action", "block"), counts.blocked);
  text.Family("postern_secrets_scanned_requests_total", "counter",
              "Requests that were looked through for secrets, by the thread.");
  text.Sample("postern_secrets_scanned_requests_total", gate::MetricsText::Label("thread", "loop"),
              counts.requests - counts.by_worker);
  text.Sample("postern_secrets_scanned_requests_total", gate::MetricsText::Label("thread", "worker"),
              counts.by_worker);
  text.Family("postern_secrets_scanned_bytes_total", "counter", "Bytes of their bodies.");
  text.Sample("postern_secrets_scanned_bytes_total", "", counts.bytes);
  text.Family("postern_secrets_too_much_total", "counter",
              "Requests that would have taken too long to look through.");
  text.Sample("postern_secrets_too_much_total", "", counts.too_much);
  text.Family("postern_secrets_screened_answers_total", "counter",
              "Answers that were looked through for secrets, or for placeholders to put originals back.");
  text.Sample("postern_secrets_screened_answers_total", "", counts.answers);
  text.Family("postern_secrets_in_answers_total", "counter",
              "Secrets that stood in answers, by what was done.");
  text.Sample("postern_secrets_in_answers_total", gate::MetricsText::Label("action", "warn"),
              counts.warned_in_answers);
  text.Sample("postern_secrets_in_answers_total", gate::MetricsText::Label("action", "redact"),
              counts.redacted_in_answers);
  text.Family("postern_secrets_restored_total", "counter",
              "Originals that were put back into the input of local tools.");
  text.Sample("postern_secrets_restored_total", "", counts.restored);
  text.Family("postern_secret_rules", "gauge", "Rules by which secrets are looked for; 0: none are ready.");
  text.Sample("postern_secret_rules", "", uint64_t{view.rules.count});
  text.Family("postern_secret_rules_failed", "gauge",
              "1 while the rules that are wanted could not be compiled and former ones serve.");
  text.Sample("postern_secret_rules_failed", "", uint64_t{!view.rules.wrong.empty()});
  text.Family("postern_secret_memory_bytes", "gauge", "What is remembered of sessions.");
  text.Sample("postern_secret_memory_bytes", "", uint64_t{view.memory_bytes});
}

std::string SecretsMembers(const SecretsView& view) {
  std::string out = R"(,"secret_rules":)" + std::to_string(view.rules.count) + R"(,"secret_rules_state":)" +
                    JsonString(StateOf(view.rules));
  if (!view.rules.wrong.empty()) out += R"(,"secret_rules_wrong":)" + JsonString(view.rules.wrong);
  out += R"(,"secrets_redacted":)" + std::to_string(view.counts.redacted);
  out += R"(,"secrets_warned":)" + std::to_string(view.counts.warned);
  out += R"(,"secrets_blocked":)" + std::to_string(view.counts.blocked);
  out += R"(,"answers_screened":)" + std::to_string(view.counts.answers);
  out += R"(,"secrets_redacted_in_answers":)" + std::to_string(view.counts.redacted_in_answers);
  out += R"(,"secrets_warned_in_answers":)" + std::to_string(view.counts.warned_in_answers);
  out += R"(,"secrets_restored":)" + std::to_string(view.counts.restored);
  out += R"(,"secret_sessions":)" + std::to_string(view.sessions);
  return out;
}

}  // namespace postern::operations
