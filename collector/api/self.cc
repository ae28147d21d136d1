#include "collector/api/answers.h"
#include "collector/api/contract.h"
#include "collector/api/metrics.h"
#include "collector/api/view.h"
#include "collector/directory/actor.h"
#include "shared/base/version.h"

namespace postern::api {

Answer Health(const Context&, const Call&) { return rest::Json(200, R"({"status":"ok"})"); }

Answer ShowMetrics(const Context& context, const Call&) {
  rest::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = context.metrics.Text(context);
  return response;
}

Answer ShowContract(const Context&, const Call&) {
  rest::Response response;
  response.content_type = "application/yaml";
  response.body = Contract();
  return response;
}

Answer Whoami(const Context& context, const Call& call) {
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().Text("id", call.caller.id()).Text("name", call.caller.name());
    out.Text("role", directory::RoleName(call.caller.role()));
    if (call.caller.user().empty()) out.Null("user");
    else out.Text("user", call.caller.user());
    WriteTime("expires", call.caller.expires(), out);
    out.Text("organisation", context.options.organisation).Text("version", kVersion).EndObject();
  });
}

}  // namespace postern::api
