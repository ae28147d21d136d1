// What may be spent: a budget or a rate limit; they are one mechanism.
//
//   "ml-month"   team ml, 500 dollars a calendar month                    one account
//   "each-day"   each user, 100 dollars a day                             an account for each user
//   "key-rate"   each key, 60 requests a minute, and 4 at once            two limits
//
// A limit that names no subject has an account for each subject that it meets. Accounts are what is counted;
// limits say how much. All amounts are integers of the limit's own unit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/amount.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::limits {

enum class Scope : uint8_t { kOrganisation, kTeam, kUser, kKey, kKeyProvider, kKeyModel, kProvider, kModel };

enum class Unit : uint8_t {
  kUsd,         // nano-dollars
  kTokens,      // of every class
  kRequests,    // admitted ones
  kConcurrent,  // at once: slots that are leased, not spent
};
inline constexpr size_t kUnits = 4;

enum class Span : uint8_t { kMinute, kHour, kDay, kWeek, kMonth, kYear };

enum class Frame : uint8_t {
  kCalendar,  // by the organisation's clock on the wall
  kRolling,   // begins with the first grant, then is fixed
};

enum class Admission : uint8_t {
  kEstimated,  // reserve what is likely, extend while the answer streams
  kStrict,     // reserve the worst case: nothing is ever spent beyond the limit
};

// Added to the amount until then.
struct Raise {
  Amount amount;
  WallTime until{};

  friend bool operator==(const Raise&, const Raise&) = default;
};

struct Limit {
  std::string id;  // stable: what was spent belongs to it, whatever else changes
  Scope scope = Scope::kOrganisation;
  std::string subject;  // team, user, key, provider or model; empty: an account for each
  std::string within;   // of key×provider and key×model the provider or model; empty: an account for each
  Unit unit = Unit::kUsd;
  Amount amount;
  Span span = Span::kMonth;  // of kConcurrent neither span nor frame matters
  Frame frame = Frame::kCalendar;
  Admission admission = Admission::kEstimated;
  std::optional<Raise> raise;

  // With the raise, while it lasts.
  Amount AmountAt(WallTime now) const;

  friend bool operator==(const Limit&, const Limit&) = default;
};

// kInvalid for an id that is none (letters, digits, '.', '_', '-'; at most 64), a negative amount or raise,
// and a `within` where the scope has none.
Status CheckLimit(const Limit& limit);

// One amount for each unit: what an exchange costs in every way that a limit may count it.
struct Amounts {
  std::array<Amount, kUnits> of{};

  Amount& operator[](Unit unit) { return of[static_cast<size_t>(unit)]; }
  Amount operator[](Unit unit) const { return of[static_cast<size_t>(unit)]; }

  friend bool operator==(const Amounts&, const Amounts&) = default;
};

const char* Name(Scope scope);  // "team", "key_provider", …
const char* Name(Unit unit);    // "usd", "tokens", "requests", "concurrent"
const char* Name(Span span);    // "1m", "1h", "1d", "1w", "1M", "1Y"

}  // namespace postern::limits
