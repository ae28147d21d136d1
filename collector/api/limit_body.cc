#include "collector/api/limit_body.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "collector/api/answers.h"
#include "collector/directory/names.h"
#include "shared/limits/policy_limits.h"

namespace postern::api {
namespace {

constexpr int64_t kMostAmount = 1'000'000'000'000'000'000;

template <class Enum>
std::optional<Enum> Parsed(const std::string& word, std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

Error OneOf(const char* field, std::span<const std::string_view> words) {
  std::string sentence = "\"" + std::string(field) + "\" must be one of ";
  for (const std::string_view word : words)
    sentence += (word == words.front() ? "" : ", ") + std::string(word);
  return {ErrorCode::kInvalid, sentence};
}

constexpr std::string_view kScopes[] = {"organisation", "team",      "user",     "key",
                                        "key_provider", "key_model", "provider", "model"};
constexpr std::string_view kUnitNames[] = {"usd", "tokens", "requests", "concurrent"};
constexpr std::string_view kSpanNames[] = {"minute", "hour", "day", "week", "month", "year"};
constexpr std::string_view kAdmissions[] = {"estimated", "strict"};

Status ReadTexts(const json::Object& body, wire::PolicyLimit& limit) {
  ASSIGN_OR_RETURN(auto subject, body.OptionalText("subject"));
  ASSIGN_OR_RETURN(auto within, body.OptionalText("within"));
  ASSIGN_OR_RETURN(auto message, body.OptionalText("message"));
  limit.set_subject(std::move(subject).value_or(""));
  limit.set_within(std::move(within).value_or(""));
  limit.set_message(std::move(message).value_or(""));
  return Ok{};
}

Status ReadStretch(const json::Object& body, wire::PolicyLimit& limit) {
  ASSIGN_OR_RETURN(const auto per, body.OptionalText("per"));
  ASSIGN_OR_RETURN(const auto rolling, body.OptionalBoolean("rolling"));
  const bool is_leased = limit.unit() == wire::LIMIT_UNIT_CONCURRENT;
  if (is_leased && (!per.value_or("").empty() || rolling.value_or(false)))
    return Error{ErrorCode::kInvalid,
                 "what is concurrent is counted at once: it has no \"per\" and no \"rolling\""};
  const auto span = Parsed<wire::LimitSpan>(per.value_or(""), kSpanNames);
  if (!is_leased && !span) return OneOf("per", kSpanNames);
  if (span) limit.set_span(*span);
  limit.set_rolling(rolling.value_or(false));
  return Ok{};
}

}  // namespace

Result<wire::PolicyLimit> ReadLimit(const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kRequired,
                                                     {"scope", "subject", "within", "unit", "amount", "per",
                                                      "rolling", "admission", "message"}));
  wire::PolicyLimit limit;
  limit.set_id(call.id);
  ASSIGN_OR_RETURN(const std::string scope_name, body.Text("scope"));
  const auto scope = Parsed<wire::LimitScope>(scope_name, kScopes);
  if (!scope) return OneOf("scope", kScopes);
  limit.set_scope(*scope);
  RETURN_IF_ERROR(ReadTexts(body, limit));
  ASSIGN_OR_RETURN(const std::string unit_name, body.Text("unit"));
  const auto unit = Parsed<wire::LimitUnit>(unit_name, kUnitNames);
  if (!unit) return OneOf("unit", kUnitNames);
  limit.set_unit(*unit);
  ASSIGN_OR_RETURN(const int64_t amount, body.Integer("amount", 0, kMostAmount));
  limit.set_amount(amount);
  RETURN_IF_ERROR(ReadStretch(body, limit));
  ASSIGN_OR_RETURN(const auto admission, body.OptionalText("admission"));
  const auto strict = Parsed<int>(admission.value_or("estimated"), kAdmissions);
  if (!strict) return OneOf("admission", kAdmissions);
  limit.set_strict(*strict == 1);
  ASSIGN_OR_RETURN(const limits::Limit known, limits::FromWire(limit));
  RETURN_IF_ERROR(limits::CheckLimit(known));
  return limit;
}

Result<RaiseBody> ReadRaise(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kRequired, {"by", "until"}));
  ASSIGN_OR_RETURN(const auto by, body.OptionalInteger("by", 1, kMostAmount));
  ASSIGN_OR_RETURN(const auto until, ReadTime(body, "until"));
  if (!until) return Error{ErrorCode::kInvalid, "\"until\" is missing: a time, or null to end the raise"};
  if (*until == 0 && by) return Error{ErrorCode::kInvalid, "a raise that ends has no \"by\""};
  if (*until == 0) return RaiseBody{};
  if (!by) return Error{ErrorCode::kInvalid, "\"by\" is missing: how much more"};
  RETURN_IF_ERROR(directory::CheckExpiry(*until, context.parts.directory.registrar().now()));
  return RaiseBody{*by, *until};
}

}  // namespace postern::api
