#include "collector/cli/body.h"

#include "shared/base/clock.h"
#include "shared/command_line/times.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

Status WriteTime(json::Writer& writer, const FieldOption& option, const std::string& text) {
  if (text == "never") {
    writer.Null(option.field);
    return Ok{};
  }
  const auto time = command_line::ParseUntil(text, WallNow());
  if (!time) {
    return Error{ErrorCode::kInvalid, "--" + std::string(option.option) + ": found \"" + text +
                                          "\", allowed is never, or a time to come, such as 2027-01-31, "
                                          "2027-01-31T12:00:00Z, 90d or 12h"};
  }
  writer.Text(option.field, command_line::FormatSeconds(*time));
  return Ok{};
}

}  // namespace

Result<std::string> BodyOf(const command_line::Invocation& call, std::initializer_list<FixedField> fixed,
                           std::initializer_list<FieldOption> options) {
  json::Writer writer;
  writer.BeginObject();
  for (const FixedField& field : fixed) writer.Text(field.field, field.value);
  for (const FieldOption& option : options) {
    const auto value = call.arguments.Value(option.option);
    if (!value) continue;
    switch (option.kind) {
      case FieldKind::kText: writer.Text(option.field, *value); break;
      case FieldKind::kList: writer.Texts(option.field, call.arguments.List(option.option)); break;
      case FieldKind::kTime: RETURN_IF_ERROR(WriteTime(writer, option, *value)); break;
    }
  }
  writer.EndObject();
  return writer.Take();
}

}  // namespace postern::cli
