#include "shared/limits/policy_limits.h"

#include <string>
#include <utility>

namespace postern::limits {
namespace {

Error Unknown(const wire::PolicyLimit& limit, const char* what) {
  return Error{ErrorCode::kInvalid,
               "the limit " + limit.id() + " has a " + what + " that this version doesn't know"};
}

// The numbers are the same on purpose; the newest one that is known is said here.
template <class Own, class Wire>
bool Read(Wire value, Own last, Own& own) {
  if (value < 0 || value > static_cast<int>(last)) return false;
  own = static_cast<Own>(value);
  return true;
}
static_assert(static_cast<int>(Scope::kModel) == wire::LIMIT_SCOPE_MODEL);
static_assert(static_cast<int>(Scope::kKeyProvider) == wire::LIMIT_SCOPE_KEY_PROVIDER);
static_assert(static_cast<int>(Unit::kConcurrent) == wire::LIMIT_UNIT_CONCURRENT);
static_assert(static_cast<int>(Span::kYear) == wire::LIMIT_SPAN_YEAR);

}  // namespace

Result<Limit> FromWire(const wire::PolicyLimit& wire) {
  Limit limit;
  limit.id = wire.id();
  limit.subject = wire.subject();
  limit.within = wire.within();
  limit.amount = Amount(wire.amount());
  limit.frame = wire.rolling() ? Frame::kRolling : Frame::kCalendar;
  limit.admission = wire.strict() ? Admission::kStrict : Admission::kEstimated;
  if (!Read(wire.scope(), Scope::kModel, limit.scope)) return Unknown(wire, "scope");
  if (!Read(wire.unit(), Unit::kConcurrent, limit.unit)) return Unknown(wire, "unit");
  if (!Read(wire.span(), Span::kYear, limit.span)) return Unknown(wire, "span");
  if (wire.raise_until() != 0) {
    limit.raise =
        Raise{.amount = Amount(wire.raise()), .until = WallTime(std::chrono::seconds(wire.raise_until()))};
  }
  return limit;
}

Result<Table> TableOf(const wire::Policy& policy) {
  std::vector<Limit> limits;
  limits.reserve(static_cast<size_t>(policy.limits_size()));
  for (const wire::PolicyLimit& wire : policy.limits()) {
    ASSIGN_OR_RETURN(Limit limit, FromWire(wire));
    limits.push_back(std::move(limit));
  }
  return Table::Make(std::move(limits), policy.time_zone());
}

}  // namespace postern::limits
