#include "agent/gate/cap_headers.h"

#include <algorithm>

#include "shared/http/message.h"

namespace postern::gate {
namespace {

constexpr std::string_view kAll = "anthropic-ratelimit-";
constexpr std::string_view kPrefix = "anthropic-ratelimit-unified-";

constexpr int64_t kWarn = 750;  // permille
constexpr int64_t kWarnAgain = 950;
constexpr int64_t kMostWhileAllowed = 990;

OwnedHeader Named(std::string_view name, std::string value) {
  return {std::string(kPrefix).append(name), std::move(value)};
}

std::string Share(int64_t permille) {
  const std::string digits = std::to_string(permille / 10 % 100);
  return std::to_string(permille / 1'000) + (digits.size() == 1 ? ".0" : ".") + digits;
}

std::string UnixSeconds(WallTime time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count());
}

void AddResets(std::vector<OwnedHeader>& headers, std::optional<WallTime> resets) {
  if (!resets) return;
  headers.push_back(Named("reset", UnixSeconds(*resets)));
  headers.push_back(Named("overage-reset", UnixSeconds(*resets)));
}

std::string_view Period(limits::Span span) {
  switch (span) {
    case limits::Span::kDay: return "daily";
    case limits::Span::kWeek: return "weekly";
    case limits::Span::kMonth: return "monthly";
    default: return "";
  }
}

}  // namespace

std::vector<OwnedHeader> WarningHeaders(const purse::Fullness& fullest) {
  const bool warns = fullest.permille >= kWarn;
  const std::string status = warns ? "allowed_warning" : "allowed";
  std::vector<OwnedHeader> headers = {
      Named("status", status), Named("overage-status", status), Named("representative-claim", "overage"),
      Named("overage-utilization", Share(std::clamp<int64_t>(fullest.permille, 0, kMostWhileAllowed)))};
  if (warns)
    headers.push_back(Named("overage-surpassed-threshold", fullest.permille >= kWarnAgain ? "0.95" : "0.75"));
  AddResets(headers, fullest.resets);
  return headers;
}

std::vector<OwnedHeader> BlockHeaders(const limits::Limit& limit, std::optional<WallTime> resets) {
  std::vector<OwnedHeader> headers = {Named("status", "rejected"), Named("overage-utilization", "1.00"),
                                      Named("overage-surpassed-threshold", "1"),
                                      Named("overage-disabled-reason", "org_spend_cap_reached")};
  if (const std::string_view period = Period(limit.span); !period.empty())
    headers.push_back(Named("overage-period", std::string(period)));
  AddResets(headers, resets);
  return headers;
}

bool IsRateLimitHeader(std::string_view name) {
  return name.size() >= kAll.size() && http::EqualsIgnoringCase(name.substr(0, kAll.size()), kAll);
}

}  // namespace postern::gate
