#include "collector/api/policy_view.h"

#include "collector/api/view.h"
#include "shared/base/clock.h"
#include "shared/base/hex.h"

namespace postern::api {
namespace {

using policies::Attempt;
using policies::Problem;

const char* NameOf(Problem::Weight weight) {
  switch (weight) {
    case Problem::Weight::kWrong: return "wrong";
    case Problem::Weight::kNeedsForce: return "needs_force";
    case Problem::Weight::kNote: break;
  }
  return "note";
}

const char* NameOf(Attempt::Outcome outcome) {
  switch (outcome) {
    case Attempt::Outcome::kDone: return "good";
    case Attempt::Outcome::kUnchanged: return "unchanged";
    case Attempt::Outcome::kWrong: return "wrong";
    case Attempt::Outcome::kNeedsForce: return "needs_force";
    case Attempt::Outcome::kStale: break;
  }
  return "stale";
}

void WriteProblems(const policies::Assessment& assessment, json::Writer& out) {
  out.BeginList("problems");
  for (const Problem& problem : assessment.problems) {
    out.BeginObject().Text("weight", NameOf(problem.weight));
    if (problem.line != 0) out.Integer("line", problem.line);
    else out.Null("line");
    out.Text("rule", problem.rule).Text("sentence", problem.sentence).EndObject();
  }
  out.EndList();
}

void WriteComparison(std::string_view name, const policy::Comparison& comparison, json::Writer& out) {
  out.BeginObject(name).BeginList("differences");
  for (const policy::Difference& difference : comparison.differences) {
    out.BeginObject().Text("who", difference.affected.who);
    out.Integer("users", difference.affected.users).Integer("keys", difference.affected.keys);
    out.Text("matter", difference.matter).Texts("gains", difference.gains).Texts("loses", difference.loses);
    out.Text("before", difference.before).Text("after", difference.after);
    out.Text("sentence", policy::Line(difference)).EndObject();
  }
  out.EndList().Integer("left_out", comparison.left_out).EndObject();
}

void WriteAsked(const policies::Question& asked, json::Writer& out) {
  out.BeginObject("asked");
  out.Text("key", asked.key).Text("user", asked.user).Text("team", asked.team).Text("host", asked.host);
  out.Text("os_user", asked.os_user).Text("os_user_number", asked.os_user_number);
  out.Text("provider", asked.provider).Texts("residency", asked.residency);
  out.Texts("credentials", asked.credentials).Text("model", asked.model).Texts("tools", asked.tools);
  out.Text("forced_tool", asked.forced_tool);
  if (asked.max_tokens) out.Integer("max_tokens", *asked.max_tokens);
  else out.Null("max_tokens");
  out.Integer("context_tokens", asked.context_tokens);
  out.Text("secret_rule", asked.secret_rule).Text("path", asked.path);
  out.Text("at", FormatRfc3339(asked.at.value_or(WallTime())));
  out.EndObject();
}

}  // namespace

void Write(const policies::Version& version, json::Writer& out) {
  out.BeginObject().Integer("version", version.version);
  if (version.former != 0) out.Integer("former", version.former);
  else out.Null("former");
  out.Text("made", FormatRfc3339(version.made)).Text("author", version.author);
  out.Text("administrator", version.administrator).Text("how", version.how);
  out.Text("sha256", ToHex(crypto::AsBytes(version.sha256))).Text("key_id", ToHex(version.key_id));
  out.Integer("revision", version.revision).EndObject();
}

void Write(const policies::Explained& explained, const std::function<void(json::Writer&)>& write_limits,
           json::Writer& out) {
  out.BeginObject().Boolean("allowed", explained.allowed).Integer("version", explained.version);
  out.Text("aspect", explained.aspect).Text("rule", explained.rule).Text("sentence", explained.sentence);
  out.Texts("obstacles", explained.obstacles);
  WriteAsked(explained.asked, out);
  out.BeginList("removed_tools");
  for (const policies::RemovedTool& tool : explained.removed_tools)
    out.BeginObject().Text("name", tool.name).Text("rule", tool.rule).EndObject();
  out.EndList();
  if (explained.max_tokens != 0) out.Integer("max_tokens", explained.max_tokens);
  else out.Null("max_tokens");
  out.Text("max_tokens_rule", explained.max_tokens_rule).Texts("credentials", explained.credentials);
  out.BeginList("statements");
  for (const policy::Statement& statement : explained.statements) {
    out.BeginObject().Text("aspect", policy::Name(statement.aspect)).Text("level", statement.level);
    out.Text("subject", statement.subject).Text("word", policy::Name(statement.word));
    out.Text("rule", statement.rule).EndObject();
  }
  out.EndList().Name("limits");
  write_limits(out);
  const policy::SecretsExplained& secrets = explained.secrets;
  out.BeginObject("secrets").Text("action", secrets.action).Text("rule", secrets.rule);
  out.Text("level", secrets.level).Texts("restore", secrets.restore).Boolean("answers", secrets.answers);
  out.EndObject().EndObject();
}

void Write(const wire::Freeze& freeze, json::Writer& out) {
  out.BeginObject().Boolean("frozen", freeze.frozen()).Text("sentence", freeze.sentence());
  WriteTime("since", freeze.since(), out);
  out.Integer("revision", freeze.revision()).EndObject();
}

void WriteApplied(const Attempt& attempt, json::Writer& out) {
  out.BeginObject().Name("policy");
  Write(attempt.issued->version, out);
  out.Boolean("unchanged", attempt.outcome == Attempt::Outcome::kUnchanged);
  WriteProblems(attempt.assessment, out);
  WriteComparison("changes", attempt.assessment.comparison, out);
  out.EndObject();
}

void WriteRefused(const Attempt& attempt, ErrorCode code, json::Writer& out) {
  out.BeginObject().BeginObject("error");
  out.Text("code", Name(code)).Text("message", attempt.sentence).EndObject();
  out.Text("outcome", NameOf(attempt.outcome)).Integer("current", attempt.current);
  WriteProblems(attempt.assessment, out);
  WriteComparison("changes", attempt.assessment.comparison, out);
  WriteComparison("missed", attempt.missed, out);
  out.EndObject();
}

void WriteChecked(const Attempt& attempt, json::Writer& out) {
  out.BeginObject().Text("outcome", NameOf(attempt.outcome)).Integer("current", attempt.current);
  WriteProblems(attempt.assessment, out);
  out.EndObject();
}

void WriteCompared(const Attempt& attempt, json::Writer& out) {
  out.BeginObject().Text("outcome", NameOf(attempt.outcome)).Integer("current", attempt.current);
  WriteProblems(attempt.assessment, out);
  WriteComparison("changes", attempt.assessment.comparison, out);
  out.EndObject();
}

}  // namespace postern::api
