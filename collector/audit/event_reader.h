// Reading the record: pages, what follows a place in the log, one event, one exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/audit/parameters.h"
#include "collector/store/store.h"
#include "shared/base/ids.h"
#include "shared/base/result.h"

namespace postern::audit {

struct EventAnswer {
  std::vector<store::StoredEvent> events;
  std::optional<store::Cursor> next;
  int64_t last = -1;  // what was in the log up to here has been looked at: `after` of the next question
};

// Errors as the store's. Thread-safe.
class EventReader {
 public:
  static constexpr size_t kMostLookedAt = 20'000;  // events, for the parts of an exchange

  explicit EventReader(store::Store& store) : store_(store) {}

  Result<EventAnswer> Query(const EventQuery& query);

  // "12" is a leaf, "req_…" an exchange: its intent and outcome, or its refusal, as far as they are there.
  // Only what is the user's where one is given; kNotFound tells nothing about others'. kInvalid for neither.
  Result<std::vector<store::StoredEvent>> Show(std::string_view id, const std::optional<std::string>& user);

 private:
  Result<std::vector<store::StoredEvent>> ShowLeaf(uint64_t leaf, const std::optional<std::string>& user);
  Result<std::vector<store::StoredEvent>> ShowExchange(const ExchangeId& exchange,
                                                       const std::optional<std::string>& user);
  // The first event under the filter that is of the exchange.
  Result<std::optional<store::StoredEvent>> FindOf(const ExchangeId& exchange,
                                                   const store::EventFilter& filter);

  store::Store& store_;
};

}  // namespace postern::audit
