#include "agent/gate/refusal.h"

#include <array>

#include "shared/base/json_text.h"

namespace postern::gate {
namespace {

enum class Retry { kAsItLikes, kNever, kSoon };

struct Shape {
  std::string_view name;
  int status;
  std::string_view type;  // Anthropic's error types
  Retry retry;
};

// In the order of Reason.
constexpr std::array<Shape, kReasons> kShapes = {{
    {"no_key", 401, "authentication_error", Retry::kNever},
    {"unknown_os_user", 401, "authentication_error", Retry::kNever},
    {"foreign_key", 401, "authentication_error", Retry::kNever},
    {"malformed_key", 401, "authentication_error", Retry::kNever},
    {"mistyped_key", 401, "authentication_error", Retry::kNever},
    {"unknown_key", 401, "authentication_error", Retry::kNever},
    {"disabled_key", 401, "authentication_error", Retry::kNever},
    {"revoked_key", 401, "authentication_error", Retry::kNever},
    {"expired_key", 401, "authentication_error", Retry::kNever},
    {"key_not_for_host", 401, "authentication_error", Retry::kNever},
    {"key_not_for_os_user", 401, "authentication_error", Retry::kNever},
    {"frozen", 401, "authentication_error", Retry::kNever},
    {"unknown_model", 402, "permission_error", Retry::kNever},
    {"policy_expiry", 402, "permission_error", Retry::kNever},
    {"policy_hours", 402, "permission_error", Retry::kNever},
    {"policy_host", 402, "permission_error", Retry::kNever},
    {"policy_os_user", 402, "permission_error", Retry::kNever},
    {"policy_provider", 402, "permission_error", Retry::kNever},
    {"policy_residency", 402, "permission_error", Retry::kNever},
    {"policy_credential", 402, "permission_error", Retry::kNever},
    {"policy_model", 402, "permission_error", Retry::kNever},
    {"policy_mcp_servers", 402, "permission_error", Retry::kNever},
    {"policy_tool", 402, "permission_error", Retry::kNever},
    {"policy_max_tokens", 402, "permission_error", Retry::kNever},
    {"policy_context", 400, "invalid_request_error", Retry::kNever},
    {"secret_blocked", 402, "permission_error", Retry::kNever},
    {"secrets_unreadable", 402, "permission_error", Retry::kNever},
    {"secrets_too_much", 402, "permission_error", Retry::kNever},
    {"set_aside", 402, "permission_error", Retry::kNever},
    {"too_many_unknown_keys", 429, "rate_limit_error", Retry::kSoon},
    {"budget_spent", 402, "billing_error", Retry::kNever},
    {"offline_spent", 402, "billing_error", Retry::kNever},
    {"unbounded_cost", 402, "billing_error", Retry::kNever},
    {"rate_limit", 429, "rate_limit_error", Retry::kAsItLikes},
    {"slots_in_use", 429, "rate_limit_error", Retry::kAsItLikes},
    {"no_grant_in_time", 429, "rate_limit_error", Retry::kAsItLikes},
    {"long_rate_limit", 429, "billing_error", Retry::kNever},
    {"slot_lost", 402, "billing_error", Retry::kNever},
    {"incarnation_lost", 402, "billing_error", Retry::kNever},
    {"malformed_body", 400, "invalid_request_error", Retry::kNever},
    {"foreign_host", 421, "permission_error", Retry::kNever},
    {"web_page", 403, "permission_error", Retry::kNever},
    {"not_json", 415, "invalid_request_error", Retry::kNever},
    {"not_found", 404, "not_found_error", Retry::kNever},
    {"wrong_method", 405, "invalid_request_error", Retry::kNever},
    {"too_large", 413, "request_too_large", Retry::kNever},
    {"protocol", 400, "invalid_request_error", Retry::kNever},
    {"timed_out", 408, "invalid_request_error", Retry::kAsItLikes},
    {"record_full", 503, "api_error", Retry::kNever},
    {"no_credential", 503, "api_error", Retry::kNever},
    {"collector_away", 503, "api_error", Retry::kNever},
    {"no_policy", 503, "api_error", Retry::kNever},
    {"no_secret_rules", 503, "api_error", Retry::kNever},
    {"no_secret_memory", 503, "api_error", Retry::kNever},
    {"upstream_unreachable", 502, "api_error", Retry::kAsItLikes},
    {"upstream_silent", 504, "timeout_error", Retry::kAsItLikes},
    {"unreadable_answer", 502, "api_error", Retry::kNever},
}};

const Shape& ShapeOf(Reason reason) { return kShapes.at(static_cast<size_t>(reason)); }

}  // namespace

std::string_view Name(Reason reason) { return ShapeOf(reason).name; }

wire::Ending EndingOf(const Refusal& refusal) {
  if (TypeOf(refusal.reason) == "billing_error") return wire::ENDING_BUDGET;
  return refusal.reason == Reason::kCollectorAway ? wire::ENDING_REFUSED_BY_POLICY : wire::ENDING_REVOKED;
}

int StatusOf(const Refusal& refusal) {
  return refusal.status != 0 ? refusal.status : ShapeOf(refusal.reason).status;
}

std::string_view TypeOf(Reason reason) { return ShapeOf(reason).type; }

std::string_view TypeInStream(Reason reason) {
  return TypeOf(reason) == "billing_error" ? TypeOf(reason) : "permission_error";
}

http::Answer Render(const Refusal& refusal, const std::string& id_text) {
  const Shape& shape = ShapeOf(refusal.reason);
  http::Answer answer;
  answer.status = StatusOf(refusal);
  answer.headers = {{"content-type", "application/json"}, {"request-id", id_text}};
  if (shape.retry == Retry::kNever) answer.headers.push_back({"x-should-retry", "false"});
  if (shape.retry == Retry::kSoon) answer.headers.push_back({"retry-after", "5"});
  for (const OwnedHeader& header : refusal.headers) answer.headers.push_back({header.name, header.value});
  if (answer.status == 405) answer.headers.push_back({"allow", "POST, GET, HEAD"});
  answer.body = R"({"type":"error","error":{"type":")";
  answer.body += shape.type;
  answer.body += R"(","message":)";
  AppendJsonString(answer.body, refusal.sentence);
  answer.body += R"(},"request_id":")" + id_text + "\"}";
  return answer;
}

}  // namespace postern::gate
