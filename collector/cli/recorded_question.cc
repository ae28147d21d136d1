#include "collector/cli/recorded_question.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/cli/output.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

std::vector<std::string> TextsIn(const json::Object& fields, std::string_view name) {
  const auto texts = fields.OptionalTexts(name);
  return texts && *texts ? **texts : std::vector<std::string>();
}

// Those that were on offer, cut out ones too: what the policy says of them is what is asked.
std::vector<std::string> ToolsIn(const json::Object& fields) {
  std::vector<std::string> tools = TextsIn(fields, "tools");
  for (const std::string& name : TextsIn(fields, "removed_tools")) tools.push_back(name);
  for (const std::string& type : TextsIn(fields, "server_tools")) tools.push_back("type:" + type);
  return tools;
}

void WriteFields(const json::Object& fields, json::Writer& out) {
  if (const auto tools = ToolsIn(fields); !tools.empty()) out.Texts("tools", tools);
  if (const auto tags = TextsIn(fields, "residency"); !tags.empty()) out.Texts("residency", tags);
  if (const auto most = fields.OptionalInteger("max_tokens", 1, INT64_MAX); most && *most)
    out.Integer("max_tokens", **most);
  if (const auto version = fields.OptionalInteger("policy_version", 1, INT64_MAX); version && *version)
    out.Integer("version", **version);
}

}  // namespace

std::string RecordedQuestion(const json::Value& event) {
  json::Writer out;
  out.BeginObject();
  const auto text = [&](std::string_view field, std::string_view from) {
    if (const std::string value = Cell(event, from); !value.empty()) out.Text(field, value);
  };
  text("key", "key");
  if (Cell(event, "key").empty()) {
    text("user", "user");
    text("team", "team");
  }
  text("host", "host");
  text("os_user", "event.os_user.name");
  text("os_user_number", "event.os_user.uid");
  text("provider", "event.provider");
  text("model", "model");
  const auto object = event.AsOpenObject();
  if (object) {
    const auto body = object->Find("event");
    if (const auto fields =
            body ? body->AsOpenObject() : Result<json::Object>(Error{ErrorCode::kNotFound, ""}))
      WriteFields(*fields, out);
    if (const auto time = object->Text("time")) out.Text("at", *time);
  }
  out.EndObject();
  return out.Take();
}

Result<std::string> Supplemented(const std::string& recorded, const std::string& said) {
  ASSIGN_OR_RETURN(const json::Value recorded_value, json::Parse(recorded));
  ASSIGN_OR_RETURN(const json::Value said_value, json::Parse(said));
  ASSIGN_OR_RETURN(const json::Object before, recorded_value.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Object after, said_value.AsOpenObject());
  json::Writer out;
  out.BeginObject();
  for (const auto& [name, value] : before.Fields()) {
    if (!after.Find(name)) out.Copy(name, value);
  }
  for (const auto& [name, value] : after.Fields()) out.Copy(name, value);
  out.EndObject();
  return out.Take();
}

}  // namespace postern::cli
