// The rules of changes and questions that hold whatever the engine: what types.h asks of them, in code.
#pragma once

#include <string_view>

#include "collector/store/types.h"
#include "shared/base/result.h"

namespace postern::store {

// kInvalid, with a sentence, for a change that no engine takes. What the store holds is not looked at.
Status CheckRules(const Change& change);

// kInvalid for a value that is empty.
Status CheckRules(const EventFilter& filter);

// kInvalid for a filter that the sums can't answer, and for an end before the beginning.
Status CheckRules(const SumQuery& query);

// Values of at most kMaxFactBytes.
inline std::string_view Cut(std::string_view value) { return value.substr(0, kMaxFactBytes); }
EventFacts Cut(EventFacts facts);
EventFilter Cut(EventFilter filter);

// Sums that end at the largest number.
void Add(Spending& sum, const Spending& more);

}  // namespace postern::store
