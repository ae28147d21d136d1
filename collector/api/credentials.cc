#include "collector/api/answers.h"
#include "collector/api/view.h"
#include "shared/crypto/random.h"

namespace postern::api {
namespace {

directory::Credentials& CredentialsOf(const Context& context) {
  return context.parts.directory.credentials();
}

constexpr auto kWriting = [](const wire::CredentialRecord& credential, json::Writer& out) {
  Write(credential, out);
};

}  // namespace

Answer ListCredentials(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  return Listed(CredentialsOf(context).List(PageOf(query)), kWriting);
}

Answer AddCredential(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"id", "provider", "header", "value"}));
  directory::NewCredential credential;
  ASSIGN_OR_RETURN(credential.name, body.Text("id"));
  ASSIGN_OR_RETURN(credential.provider, body.Text("provider"));
  ASSIGN_OR_RETURN(auto header, body.OptionalText("header"));
  credential.header = std::move(header).value_or("");
  ASSIGN_OR_RETURN(std::string value, body.Text("value"));
  const auto added = CredentialsOf(context).Add(call.actor, credential, value);
  crypto::Cleanse(value);
  return Changed(201, added, kWriting);
}

Answer ShowCredential(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::CredentialRecord credential, CredentialsOf(context).Find(call.id));
  return Json(200, [&](json::Writer& out) { Write(credential, out); });
}

Answer RotateCredential(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kRequired, {"value"}));
  ASSIGN_OR_RETURN(std::string value, body.Text("value"));
  const auto rotated = CredentialsOf(context).Rotate(call.actor, call.id, value);
  crypto::Cleanse(value);
  return Changed(200, rotated, kWriting);
}

Answer RemoveCredential(const Context& context, const Call& call) {
  return Removed(CredentialsOf(context).Remove(call.actor, call.id));
}

}  // namespace postern::api
