// Events as rows for people: one an exchange, when it has ended, and one for what else is worth seeing. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/base/ids.h"
#include "shared/wire/event.h"

namespace postern::commands {

// Joins intents with their outcomes. Thread-compatible.
class EventRows {
 public:
  static std::string Header();

  // The row that this event completes, or nothing.
  std::string Add(const wire::Event& event);

  // Rows of the exchanges that have no outcome yet, the oldest first.
  std::vector<std::string> Open() const;

 private:
  std::map<ExchangeId, wire::Event> open_;  // ids sort by time
};

// "$0.0123", to four digits, "<$0.0001" for less than that; "~" before it when a part was estimated.
std::string FormatCost(int64_t nano_dollars, bool estimated);

}  // namespace postern::commands
