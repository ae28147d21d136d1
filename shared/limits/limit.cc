#include "shared/limits/limit.h"

#include <algorithm>

namespace postern::limits {
namespace {

constexpr size_t kMostIdBytes = 64;

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

}  // namespace

Amount Limit::AmountAt(WallTime now) const {
  if (!raise || now >= raise->until) return amount;
  return Amount::SaturatingAdd(amount, raise->amount);
}

Status CheckLimit(const Limit& limit) {
  const auto wrong = [&](const char* what) {
    return Error{ErrorCode::kInvalid, "the limit \"" + limit.id + "\" " + what};
  };
  if (limit.id.empty() || limit.id.size() > kMostIdBytes ||
      !std::all_of(limit.id.begin(), limit.id.end(), IsIdCharacter))
    return Error{ErrorCode::kInvalid,
                 "a limit's id is 1 to 64 letters, digits, dots, underscores and hyphens"};
  if (limit.amount < Amount()) return wrong("has a negative amount");
  if (limit.raise && limit.raise->amount < Amount()) return wrong("is raised by a negative amount");
  const bool is_pair = limit.scope == Scope::kKeyProvider || limit.scope == Scope::kKeyModel;
  if (!limit.within.empty() && !is_pair) return wrong("speaks of a second subject, which its scope lacks");
  if (limit.scope == Scope::kOrganisation && !limit.subject.empty())
    return wrong("is the organisation's and names a subject");
  return Ok{};
}

const char* Name(Scope scope) {
  switch (scope) {
    case Scope::kOrganisation: return "organisation";
    case Scope::kTeam: return "team";
    case Scope::kUser: return "user";
    case Scope::kKey: return "key";
    case Scope::kKeyProvider: return "key_provider";
    case Scope::kKeyModel: return "key_model";
    case Scope::kProvider: return "provider";
    case Scope::kModel: return "model";
  }
  return "unknown";
}

const char* Name(Unit unit) {
  switch (unit) {
    case Unit::kUsd: return "usd";
    case Unit::kTokens: return "tokens";
    case Unit::kRequests: return "requests";
    case Unit::kConcurrent: return "concurrent";
  }
  return "unknown";
}

const char* Name(Span span) {
  switch (span) {
    case Span::kMinute: return "1m";
    case Span::kHour: return "1h";
    case Span::kDay: return "1d";
    case Span::kWeek: return "1w";
    case Span::kMonth: return "1M";
    case Span::kYear: return "1Y";
  }
  return "unknown";
}

}  // namespace postern::limits
