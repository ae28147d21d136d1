#include <algorithm>
#include <charconv>

#include "collector/api/answers.h"
#include "collector/api/limit_view.h"
#include "collector/api/made_version.h"
#include "collector/api/policy_view.h"
#include "collector/api/reach.h"
#include "collector/directory/names.h"
#include "shared/base/hex.h"
#include "shared/limits/policy_limits.h"

namespace postern::api {
namespace {

using policies::Attempt;
using policies::Force;

constexpr std::string_view kYaml = "text/yaml";
constexpr std::string_view kSigned = "application/octet-stream";  // a serialised SignedPolicy
constexpr int64_t kMostVersion = int64_t{1} << 62;

policies::Policies& PoliciesOf(const Context& context) { return context.parts.policies; }

bool HasType(const Call& call, std::string_view type) {
  return call.request.Header("content-type").starts_with(type);
}

Status RequireYaml(const Call& call) {
  if (HasType(call, kYaml)) return Ok{};
  return Error{ErrorCode::kInvalid, "the body must be the policy's text, with the content-type text/yaml"};
}

struct ApplyQuery {
  std::optional<uint64_t> based_on;
  Force force = Force::kNo;
};

Result<uint64_t> ReadVersion(std::string_view text, const std::string& what) {
  uint64_t version = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), version);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && version > 0) return version;
  return Error{ErrorCode::kInvalid, what + " must be the number of a version"};
}

Result<ApplyQuery> ParseApplyQuery(const rest::Query& query) {
  ApplyQuery parsed;
  for (const auto& [name, value] : query) {
    if (query.count(name) > 1) return Error{ErrorCode::kInvalid, "\"" + name + "\" is given twice"};
    if (name == "based_on") {
      ASSIGN_OR_RETURN(parsed.based_on, ReadVersion(value, "based_on"));
    } else if (name == "force") {
      ASSIGN_OR_RETURN(parsed.force, ReadForce(value));
    } else if (name != "wait") {
      return Error{ErrorCode::kInvalid,
                   "a parameter of the query is not known; known are: based_on, force, wait"};
    }
  }
  return parsed;
}

using Wait = std::optional<std::chrono::seconds>;

Result<wire::SignedPolicy> ReadSigned(const Call& call) {
  wire::SignedPolicy signed_policy;
  if (signed_policy.ParseFromString(call.request.body)) return signed_policy;
  return Error{ErrorCode::kInvalid, "the body is not what postern policy sign wrote"};
}

// As text for whom wants text, with the line that says which version it is.
Answer Document(const Context& context, const Call& call, const policies::Issued& issued) {
  if (call.request.Header("accept").find(kYaml) != std::string_view::npos) {
    rest::Response response;
    response.content_type = std::string(kYaml) + "; charset=utf-8";
    response.body = policies::WithBase(issued.source, issued.version.version);
    return response;
  }
  ASSIGN_OR_RETURN(const uint64_t next, PoliciesOf(context).Next());
  const auto& offline_key = PoliciesOf(context).offline_key();
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().Name("policy");
    Write(issued.version, out);
    out.Integer("next", next).Text("collector", context.options.collector);
    if (offline_key) out.Text("offline_key", ToHex(offline_key->raw()));
    else out.Null("offline_key");
    // Whoever has it can try out guesses.
    const std::string& fingerprints = issued.policy.secrets().fingerprint_key();
    if (call.caller.role() == wire::ROLE_ADMIN && !fingerprints.empty())
      out.Text("fingerprint_key", ToHex(fingerprints));
    else out.Null("fingerprint_key");
    out.Text("source", policies::WithBase(issued.source, issued.version.version)).EndObject();
  });
}

Result<policies::Question> ReadQuestion(const json::Object& body) {
  policies::Question question;
  const std::pair<const char*, std::string*> texts[] = {{"key", &question.key},
                                                        {"user", &question.user},
                                                        {"team", &question.team},
                                                        {"host", &question.host},
                                                        {"os_user", &question.os_user},
                                                        {"os_user_number", &question.os_user_number},
                                                        {"provider", &question.provider},
                                                        {"model", &question.model},
                                                        {"forced_tool", &question.forced_tool},
                                                        {"secret_rule", &question.secret_rule},
                                                        {"path", &question.path}};
  for (const auto& [name, field] : texts) {
    ASSIGN_OR_RETURN(auto text, body.OptionalText(name));
    if (text) *field = *std::move(text);
  }
  const std::pair<const char*, std::vector<std::string>*> lists[] = {
      {"residency", &question.residency}, {"credentials", &question.credentials}, {"tools", &question.tools}};
  for (const auto& [name, field] : lists) {
    ASSIGN_OR_RETURN(auto list, body.OptionalTexts(name));
    if (list) *field = *std::move(list);
  }
  ASSIGN_OR_RETURN(question.max_tokens, body.OptionalInteger("max_tokens", 0, INT64_MAX));
  ASSIGN_OR_RETURN(const auto context, body.OptionalInteger("context_tokens", 0, INT64_MAX));
  question.context_tokens = context.value_or(0);
  ASSIGN_OR_RETURN(const auto version, body.OptionalInteger("version", 1, kMostVersion));
  question.version = static_cast<uint64_t>(version.value_or(0));
  ASSIGN_OR_RETURN(const auto at, ReadTime(body, "at"));
  if (at && *at != 0) question.at = WallTime(std::chrono::seconds(*at));
  return question;
}

Answer Frozen(const Context& context, const Wait& wait, const Result<wire::Freeze>& freeze) {
  return WithReach(context, wait, {.kind = intake::Concern::Kind::kEverybody},
                   Changed(200, freeze, [](const wire::Freeze& now, json::Writer& out) { Write(now, out); }),
                   freeze ? freeze->revision() : 0);
}

// A developer asks for the own user, whose levels are all that an answer speaks of.
Status HoldToOwnUser(const Context& context, const Call& call, policies::Question& question) {
  if (!call.is_developer()) return Ok{};
  const auto asked = question.user.empty() ? std::nullopt : std::optional(question.user);
  ASSIGN_OR_RETURN(const auto own, OwnUser(call, asked));
  if (!question.team.empty())
    return Error{ErrorCode::kDenied, "the role developer reads only what belongs to the own user"};
  if (!question.key.empty()) {
    const auto key = context.parts.directory.keys().Find(question.key);
    if (!key && key.error().code != ErrorCode::kNotFound) return key.error();
    if (!key || key->user() != *own) return directory::NoSuch("key", question.key);
  }
  question.user = *own;
  return Ok{};
}

// Of each limit that it meets how much is spent now; nothing where that can't be said, or nobody has asked
// anything of it yet.
using Standings = std::vector<std::optional<ledger::Statement>>;
Result<Standings> StandingsOf(const Context& context, const policies::Explained& explained) {
  Standings standings(explained.limits.size());
  if (!context.parts.statements) return standings;
  const WallTime now = context.options.wall_now();
  for (size_t i = 0; i < standings.size(); ++i) {
    ASSIGN_OR_RETURN(const limits::Limit limit, limits::FromWire(explained.limits[i].limit));
    ASSIGN_OR_RETURN(const auto statements, context.parts.statements(explained.limits[i].account));
    for (const ledger::Statement& statement : statements) {
      if (statement.window.Contains(now)) standings[i] = SinceReset(statement, limit, now);
    }
  }
  return standings;
}

}  // namespace

Answer ShowPolicy(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto issued, PoliciesOf(context).Current());
  return Document(context, call, *issued);
}

Answer ApplyPolicy(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const ApplyQuery query, ParseApplyQuery(call.request.query));
  ASSIGN_OR_RETURN(const Wait wait, ReadWait(call));
  if (HasType(call, kSigned)) {
    ASSIGN_OR_RETURN(const wire::SignedPolicy signed_policy, ReadSigned(call));
    return Made(context, wait, PoliciesOf(context).ApplySigned(call.actor, signed_policy, query.force));
  }
  RETURN_IF_ERROR(RequireYaml(call));
  return Made(context, wait,
              PoliciesOf(context).Apply(call.actor, call.request.body, query.based_on, query.force));
}

Answer CheckPolicy(const Context& context, const Call& call) {
  RETURN_IF_ERROR(RequireYaml(call));
  ASSIGN_OR_RETURN(const Attempt attempt, PoliciesOf(context).Check(call.request.body));
  return Json(200, [&](json::Writer& out) { WriteChecked(attempt, out); });
}

Answer ComparePolicy(const Context& context, const Call& call) {
  RETURN_IF_ERROR(RequireYaml(call));
  ASSIGN_OR_RETURN(const Attempt attempt, PoliciesOf(context).Check(call.request.body));
  return Json(200, [&](json::Writer& out) { WriteCompared(attempt, out); });
}

Answer ExplainPolicy(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired,
                            {"key", "user", "team", "host", "os_user", "os_user_number", "provider",
                             "residency", "credentials", "model", "tools", "forced_tool", "max_tokens",
                             "context_tokens", "secret_rule", "path", "at", "version"}));
  ASSIGN_OR_RETURN(policies::Question question, ReadQuestion(body));
  RETURN_IF_ERROR(HoldToOwnUser(context, call, question));
  ASSIGN_OR_RETURN(const policies::Explained explained, PoliciesOf(context).Explain(std::move(question)));
  ASSIGN_OR_RETURN(const auto standings, StandingsOf(context, explained));
  const auto write_limits = [&](json::Writer& out) {
    out.BeginList();
    for (size_t i = 0; i < standings.size(); ++i) {
      Write(explained.limits[i], standings[i] ? &*standings[i] : nullptr, explained.zone,
            context.options.wall_now(), out);
    }
    out.EndList();
  };
  return Json(200, [&](json::Writer& out) { Write(explained, write_limits, out); });
}

Answer ListPolicyVersions(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  uint64_t from = 0;
  if (query.cursor) {
    ASSIGN_OR_RETURN(from, ReadVersion(*query.cursor, "cursor"));
  }
  ASSIGN_OR_RETURN(const policies::VersionPage page, PoliciesOf(context).History(from, query.limit));
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (const policies::Version& version : page.versions) Write(version, out);
    out.EndList();
    if (page.next != 0) out.Text("next", std::to_string(page.next));
    else out.Null("next");
    out.EndObject();
  });
}

Answer ShowPolicyVersion(const Context& context, const Call& call) {
  const auto version = ReadVersion(call.id, "the version");
  if (!version) return directory::NoSuch("version of the policy", "");
  ASSIGN_OR_RETURN(const auto issued, PoliciesOf(context).Find(*version));
  return Document(context, call, *issued);
}

Answer RollbackPolicy(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kRequired, {"version", "force"}));
  ASSIGN_OR_RETURN(const int64_t version, body.Integer("version", 1, kMostVersion));
  ASSIGN_OR_RETURN(const auto force, body.OptionalBoolean("force"));
  ASSIGN_OR_RETURN(const Wait wait, ReadWait(call));
  return Made(context, wait,
              PoliciesOf(context).Rollback(call.actor, static_cast<uint64_t>(version),
                                           force.value_or(false) ? Force::kYes : Force::kNo));
}

Answer ShowFreeze(const Context& context, const Call&) {
  ASSIGN_OR_RETURN(const wire::Freeze freeze, PoliciesOf(context).Freezing());
  return Json(200, [&](json::Writer& out) { Write(freeze, out); });
}

Answer FreezeAll(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kMayBeMissing, {"sentence"}));
  ASSIGN_OR_RETURN(const auto sentence, body.OptionalText("sentence"));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return Frozen(context, wait, PoliciesOf(context).Freeze(call.actor, sentence.value_or("")));
}

Answer ThawAll(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return Frozen(context, wait, PoliciesOf(context).Thaw(call.actor));
}

}  // namespace postern::api
