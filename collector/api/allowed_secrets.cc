// Secrets that the policy lets through, by their fingerprints. Each change of them is a version of the
// policy.
#include <chrono>
#include <string>

#include "collector/api/answers.h"
#include "collector/api/made_version.h"
#include "collector/api/view.h"
#include "collector/directory/names.h"
#include "collector/policy/secret_edit.h"
#include "shared/base/hex.h"
#include "shared/policy/secrets.h"

namespace postern::api {
namespace {

Result<std::string> ReadFingerprint(const std::string& text) {
  const auto bytes = FromHex(text);
  if (bytes && bytes->size() == policy::kFingerprintBytes) return *bytes;
  return Error{ErrorCode::kInvalid,
               "a fingerprint has 32 hexadecimal digits: those with which a finding names it"};
}

Result<wire::AllowedSecret> ReadAllowed(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"fingerprint", "reason", "until"}));
  wire::AllowedSecret allowed;
  ASSIGN_OR_RETURN(const std::string fingerprint, body.Text("fingerprint"));
  ASSIGN_OR_RETURN(*allowed.mutable_fingerprint(), ReadFingerprint(fingerprint));
  ASSIGN_OR_RETURN(*allowed.mutable_reason(), body.Text("reason"));
  if (allowed.reason().empty()) return Error{ErrorCode::kInvalid, "\"reason\" must say why it may leave"};
  RETURN_IF_ERROR(directory::CheckText(allowed.reason(), "the reason", 512));
  ASSIGN_OR_RETURN(const auto until, ReadTime(body, "until"));
  allowed.set_until(until.value_or(0));
  RETURN_IF_ERROR(directory::CheckExpiry(allowed.until(), context.parts.directory.registrar().now()));
  return allowed;
}

// `fingerprint`: hexadecimal, as it is recorded.
Answer Edited(const Context& context, const Call& call, const char* action, const std::string& fingerprint,
              const char* how, const policies::Policies::Editor& editor) {
  ASSIGN_OR_RETURN(const MadeQuery query, ReadMadeQuery(call));
  return Made(context, query.wait,
              context.parts.policies.Edit(call.actor, {action, "secret", fingerprint},
                                          "secret " + fingerprint + " " + how, editor, query.force));
}

}  // namespace

Answer ListAllowedSecrets(const Context& context, const Call&) {
  ASSIGN_OR_RETURN(const auto issued, context.parts.policies.Current());
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (const wire::AllowedSecret& allowed : issued->policy.secrets().allowed()) {
      out.BeginObject().Text("fingerprint", ToHex(allowed.fingerprint())).Text("reason", allowed.reason());
      WriteTime("until", allowed.until(), out);
      out.EndObject();
    }
    out.EndList().EndObject();
  });
}

Answer AllowSecret(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::AllowedSecret allowed, ReadAllowed(context, call));
  return Edited(context, call, "secret.allow", ToHex(allowed.fingerprint()), "let through",
                [&](const policies::Issued& in_force) {
                  return policies::WithAllowedSecret(in_force.source, in_force.policy, allowed);
                });
}

Answer RemoveAllowedSecret(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const std::string fingerprint, ReadFingerprint(call.id));
  return Edited(context, call, "secret.remove", ToHex(fingerprint), "no longer let through",
                [&](const policies::Issued& in_force) {
                  return policies::WithoutAllowedSecret(in_force.source, in_force.policy, fingerprint);
                });
}

}  // namespace postern::api
