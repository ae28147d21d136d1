#include "shared/rest/message.h"

#include <algorithm>

#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::rest {
namespace {

constexpr ErrorCode kCodes[] = {ErrorCode::kInvalid,   ErrorCode::kDenied,      ErrorCode::kNotFound,
                                ErrorCode::kExhausted, ErrorCode::kUnavailable, ErrorCode::kCorrupt};

ErrorCode CodeOf(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorCode::kDenied;
    case 404: return ErrorCode::kNotFound;
    case 429: return ErrorCode::kExhausted;
    default: return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
  }
}

// The code and the message of our shape of error.
Result<std::pair<ErrorCode, std::string>> ErrorIn(std::string_view body) {
  ASSIGN_OR_RETURN(const json::Value value, json::Parse(body));
  ASSIGN_OR_RETURN(const json::Object whole, value.AsOpenObject());
  ASSIGN_OR_RETURN(const json::Value inner, whole.Require("error"));
  ASSIGN_OR_RETURN(const json::Object error, inner.AsOpenObject());
  ASSIGN_OR_RETURN(const std::string name, error.Text("code"));
  ASSIGN_OR_RETURN(std::string message, error.Text("message"));
  for (const ErrorCode code : kCodes) {
    if (name == Name(code)) return std::pair(code, std::move(message));
  }
  return Error{ErrorCode::kInvalid, "the code is none of ours"};
}

}  // namespace

std::string_view Request::Header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view Request::Bearer() const {
  constexpr std::string_view kScheme = "bearer ";
  std::string_view value = Header("authorization");
  const bool fits = value.size() > kScheme.size() &&
                    std::equal(kScheme.begin(), kScheme.end(), value.begin(), [](char wanted, char c) {
                      return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
                    });
  if (!fits) return {};
  value.remove_prefix(kScheme.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  return value;
}

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return 400;
    case ErrorCode::kDenied: return 403;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kExhausted: return 429;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kCorrupt: return 500;
  }
  return 500;
}

Response Json(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response Refusal(int status, std::string_view code, std::string_view message) {
  json::Writer out;
  out.BeginObject().BeginObject("error").Text("code", code).Text("message", message);
  return Json(status, out.EndObject().EndObject().Take());
}

Response Refusal(const Error& error) {
  return Refusal(StatusOf(error.code), Name(error.code), error.message);
}

Error ErrorOf(int status, std::string_view body) {
  const auto error = ErrorIn(body);
  if (error) return {error->first, error->second};
  return {CodeOf(status), "the collector answered with status " + std::to_string(status)};
}

std::string Escape(std::string_view part) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : part) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<uint8_t>(c) >> 4];
      out += kDigits[static_cast<uint8_t>(c) & 15];
    }
  }
  return out;
}

}  // namespace postern::rest
