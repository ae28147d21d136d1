#include "collector/cli/resources.h"

#include <algorithm>
#include <ostream>

#include "collector/cli/reach.h"
#include "shared/base/check.h"
#include "shared/crypto/wiped.h"
#include "shared/rest/message.h"
#include "shared/tokens/token.h"

namespace postern::cli {
namespace {

const std::vector<Resource>& Resources() {
  using command_line::Align;
  static const std::vector<Resource> kResources{
      {"key",
       "/v1/keys",
       {{{"ID"}, "id"},
        {{"STATE"}, "state"},
        {{"USER"}, "user"},
        {{"TEAM"}, "team"},
        {{"LABEL"}, "label"},
        {{"EXPIRES"}, "expires"},
        {{"CREATED"}, "created"}}},
      {"user",
       "/v1/users",
       {{{"ID"}, "id"},
        {{"TEAM"}, "team"},
        {{"NAME"}, "name"},
        {{"OS NAMES"}, "os_names"},
        {{"DISABLED"}, "disabled"},
        {{"CREATED"}, "created"}}},
      {"team",
       "/v1/teams",
       {{{"ID"}, "id"},
        {{"ORGANISATION"}, "organisation"},
        {{"CREDENTIALS"}, "credentials"},
        {{"OS GROUPS"}, "os_groups"},
        {{"CREATED"}, "created"}}},
      {"credential",
       "/v1/credentials",
       {{{"NAME"}, "id"},
        {{"PROVIDER"}, "provider"},
        {{"HEADER"}, "header"},
        {{"GENERATION", Align::kRight}, "generation"},
        {{"CREATED"}, "created"},
        {{"ROTATED"}, "rotated"}}},
      {"agent",
       "/v1/agents",
       {{{"ID"}, "id"},
        {{"HOST"}, "host"},
        {{"STATE"}, "state"},
        {{"CONNECTED"}, "presence.connected"},
        {{"SINCE"}, "presence.since"},
        {{"HEARTBEAT"}, "presence.heartbeat"},
        {{"UNSENT", Align::kRight}, "presence.unsent"},
        {{"VERSION"}, "version"},
        {{"ADDRESS"}, "presence.address"}}},
      {"limit",
       "/v1/limits",
       {{{"ID"}, "id"}, {{"FOR WHOM"}, "whom"}, {{"LIMIT"}, "text"}, {{"MESSAGE"}, "message"}}},
      {"administrator",
       "/v1/administrators",
       {{{"ID"}, "id"},
        {{"NAME"}, "name"},
        {{"ROLE"}, "role"},
        {{"USER"}, "user"},
        {{"EXPIRES"}, "expires"},
        {{"CREATED"}, "created"}}},
      {"enrolment",
       "/v1/enrolment-tokens",
       {{{"ID"}, "id"},
        {{"STATE"}, "state"},
        {{"MADE BY"}, "made_by"},
        {{"CREATED"}, "created"},
        {{"EXPIRES"}, "expires"},
        {{"SPENT BY"}, "spent_by"}}},
  };
  return kResources;
}

}  // namespace

const Resource& ResourceOf(const Invocation& call) {
  const std::string_view command = call.command.name;
  const std::string_view name = command.substr(0, command.find(' '));
  const auto found = std::find_if(Resources().begin(), Resources().end(),
                                  [&](const Resource& resource) { return resource.name == name; });
  CHECK(found != Resources().end());
  return *found;
}

Result<std::string> PathOf(const Invocation& call, size_t word) {
  const std::string& id = call.word(word);
  if (tokens::Redacted(id) != id)
    return Error{ErrorCode::kInvalid,
                 "that is a whole token, which nobody should see; its id alone is wanted"};
  if (id.empty()) return Error{ErrorCode::kInvalid, "the id is empty"};
  return std::string(ResourceOf(call).path) + '/' + rest::Escape(id);
}

Status List(const Invocation& call, std::initializer_list<std::string_view> filters) {
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  Query query;
  for (const std::string_view filter : filters) {
    if (const auto value = call.arguments.Value(filter)) query.emplace_back(filter, *value);
  }
  const Resource& resource = ResourceOf(call);
  ListPrinter printer(call, resource.columns);
  RETURN_IF_ERROR(api.EachPage(std::string(resource.path), query, [&](const Api::Items& items) {
    printer.Add(items);
    return call.out.good();
  }));
  printer.Finish();
  return Ok{};
}

Status ListAll(const Invocation& call) { return List(call, {}); }

Status Show(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value record, api.Get(path));
  PrintRecord(call, record);
  return Ok{};
}

Status Remove(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  RETURN_IF_ERROR(api.Delete(path));
  if (call.arguments.Has("json")) {
    call.out << "{\"removed\":true}\n";
  } else {
    call.err << call.word(0) << " is removed.\n";
  }
  return Ok{};
}

Status Update(const Invocation& call, const std::string& body) {
  if (body == "{}") return Error{ErrorCode::kInvalid, "say what is to be changed: see --help"};
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value record, api.Patch(path, body));
  PrintRecord(call, record);
  return Ok{};
}

Status Act(const Invocation& call, std::string_view verb, const std::string& body) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value record, api.Post(path + '/' + std::string(verb), body));
  PrintRecord(call, record);
  return Ok{};
}

Status UpdateAndTell(const Invocation& call, const std::string& body) {
  if (body == "{}") return Error{ErrorCode::kInvalid, "say what is to be changed: see --help"};
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  return MakeChange(
      call, {.kind = ResourceOf(call).name,
             .id = call.word(0),
             .make = [&](const Api& api, const Query& query) { return api.Patch(path, body, query); }});
}

Status ActAndTell(const Invocation& call, std::string_view verb, const std::string& body) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  return MakeChange(
      call,
      {.kind = ResourceOf(call).name, .id = call.word(0), .make = [&](const Api& api, const Query& query) {
         return api.Post(path + '/' + std::string(verb), body, query);
       }});
}

Status RemoveAndTell(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::string path, PathOf(call));
  return MakeChange(call,
                    {.kind = ResourceOf(call).name,
                     .id = call.word(0),
                     .make = [&](const Api& api, const Query& query) { return api.Delete(path, query); },
                     .print = [&](const json::Value&) { call.err << call.word(0) << " is removed.\n"; }});
}

Status Create(const Invocation& call, const std::string& body) {
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value record, api.Post(std::string(ResourceOf(call).path), body));
  PrintRecord(call, record);
  return Ok{};
}

Status PrintIssued(const Invocation& call, const json::Value& answer, std::string_view record_field,
                   std::string_view advice) {
  ASSIGN_OR_RETURN(const json::Object object, answer.AsOpenObject());
  ASSIGN_OR_RETURN(std::string text, object.Text("text"));
  const crypto::WipeAtEnd wipe(text);
  if (call.arguments.Has("json")) {
    call.out << JsonText(answer) << '\n';
    return Ok{};
  }
  call.out << text << '\n';
  ASSIGN_OR_RETURN(const json::Value record, object.Require(record_field));
  call.err << "Its id is " << Cell(record, "id") << ". This is the only time that it is shown. " << advice
           << '\n';
  return Ok{};
}

}  // namespace postern::cli
