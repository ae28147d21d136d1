#include "collector/api/answers.h"

namespace postern::api {

Result<json::Object> ReadBody(const Call& call, Body body, std::initializer_list<std::string_view> fields) {
  const bool missing = call.request.body.empty();
  if (missing && body == Body::kRequired)
    return Error{ErrorCode::kInvalid, "the call needs a body, a JSON object"};
  ASSIGN_OR_RETURN(const json::Value value,
                   json::Parse(missing ? std::string_view("{}") : call.request.body));
  return value.AsObject(fields);
}

Result<std::optional<int64_t>> ReadTime(const json::Object& body, std::string_view name) {
  const auto value = body.Find(name);
  if (!value) return std::optional<int64_t>();
  if (value->is_null()) return std::optional<int64_t>(0);
  ASSIGN_OR_RETURN(const std::string text, value->AsText());
  const auto time = audit::ParseTime(text);
  if (!time)
    return Error{ErrorCode::kInvalid,
                 "\"" + std::string(name) + "\" must be a time such as 2026-11-23T22:18:55Z"};
  return std::optional<int64_t>(std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count());
}

Result<std::optional<std::string>> OwnUser(const Call& call, const std::optional<std::string>& asked) {
  if (!call.is_developer()) return asked;
  const std::string& own = call.caller.user();
  if (own.empty()) return Error{ErrorCode::kDenied, "this developer's token has no user"};
  if (asked && *asked != own)
    return Error{ErrorCode::kDenied, "the role developer reads only what belongs to the own user"};
  return std::optional(own);
}

rest::Response Conflict(const Error& error) {
  const int status = error.code == ErrorCode::kDenied ? 409 : rest::StatusOf(error.code);
  return rest::Refusal(status, Name(error.code), error.message);
}

}  // namespace postern::api
