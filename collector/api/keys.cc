#include "collector/api/answers.h"
#include "collector/api/reach.h"
#include "collector/api/view.h"
#include "collector/directory/names.h"
#include "shared/crypto/random.h"

namespace postern::api {
namespace {

directory::Keys& KeysOf(const Context& context) { return context.parts.directory.keys(); }

auto Writing(const Context& context) {
  const int64_t now = context.parts.directory.registrar().now();
  return [now](const wire::KeyRecord& key, json::Writer& out) { Write(key, now, out); };
}

Answer Issued(const Context& context, int status, Result<directory::IssuedKey> issued) {
  Answer answer = Changed(status, issued, [&](const directory::IssuedKey& key, json::Writer& out) {
    out.BeginObject().Name("key");
    Writing(context)(key.record, out);
    out.Text("text", key.text).EndObject();
  });
  if (issued) crypto::Cleanse(issued->text);
  return answer;
}

Result<std::string> ReadReason(const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kMayBeMissing, {"sentence"}));
  ASSIGN_OR_RETURN(const auto sentence, body.OptionalText("sentence"));
  return sentence.value_or("");
}

intake::Concern Itself(const Call& call) { return {intake::Concern::Kind::kKey, call.id}; }

}  // namespace

Answer ListKeys(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {"user", "team"}));
  const auto value = [&](std::string_view name) {
    const auto found = query.values.find(name);
    return found == query.values.end() ? std::nullopt : std::optional(found->second);
  };
  directory::KeyFilter filter;
  ASSIGN_OR_RETURN(filter.user, OwnUser(call, value("user")));
  filter.team = value("team");
  return Listed(KeysOf(context).List(filter, PageOf(query)), Writing(context));
}

Answer CreateKey(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(
      const json::Object body,
      ReadBody(call, Body::kRequired, {"user", "label", "expires", "hosts", "os_users", "credentials"}));
  directory::NewKey key;
  ASSIGN_OR_RETURN(key.user, body.Text("user"));
  ASSIGN_OR_RETURN(auto label, body.OptionalText("label"));
  ASSIGN_OR_RETURN(const auto expires, ReadTime(body, "expires"));
  ASSIGN_OR_RETURN(auto hosts, body.OptionalTexts("hosts"));
  ASSIGN_OR_RETURN(auto os_users, body.OptionalTexts("os_users"));
  ASSIGN_OR_RETURN(auto credentials, body.OptionalTexts("credentials"));
  key.label = std::move(label).value_or("");
  key.expires = expires.value_or(0);
  key.hosts = std::move(hosts).value_or(std::vector<std::string>());
  key.os_users = std::move(os_users).value_or(std::vector<std::string>());
  key.credentials = std::move(credentials).value_or(std::vector<std::string>());
  return Issued(context, 201, KeysOf(context).Create(call.actor, key));
}

Answer ShowKey(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto own, OwnUser(call, {}));
  ASSIGN_OR_RETURN(const wire::KeyRecord key, KeysOf(context).Find(call.id));
  // Another's key is told from none by nothing.
  if (own && key.user() != *own) return directory::NoSuch("key", call.id);
  return Json(200, [&](json::Writer& out) { Writing(context)(key, out); });
}

Answer UpdateKey(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"label", "expires", "hosts", "os_users", "credentials"}));
  directory::KeyUpdate update;
  ASSIGN_OR_RETURN(update.label, body.OptionalText("label"));
  ASSIGN_OR_RETURN(update.expires, ReadTime(body, "expires"));
  ASSIGN_OR_RETURN(update.hosts, body.OptionalTexts("hosts"));
  ASSIGN_OR_RETURN(update.os_users, body.OptionalTexts("os_users"));
  ASSIGN_OR_RETURN(update.credentials, body.OptionalTexts("credentials"));
  return Changed(200, KeysOf(context).Update(call.actor, call.id, update), Writing(context));
}

Answer DisableKey(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const std::string sentence, ReadReason(call));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, Itself(call),
                   Changed(200, KeysOf(context).Disable(call.actor, call.id, sentence), Writing(context)));
}

Answer EnableKey(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  return Changed(200, KeysOf(context).Enable(call.actor, call.id), Writing(context));
}

Answer RotateKey(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  return Issued(context, 200, KeysOf(context).Rotate(call.actor, call.id));
}

Answer RevokeKey(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const std::string sentence, ReadReason(call));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, Itself(call),
                   Changed(200, KeysOf(context).Revoke(call.actor, call.id, sentence), Writing(context)));
}

}  // namespace postern::api
