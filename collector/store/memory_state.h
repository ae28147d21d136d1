// All that a store in memory holds, and how a change becomes part of it. memory_store.cc answers from it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "shared/base/result.h"

namespace postern::store {

struct MemoryState {
  std::vector<NewEvent> events;  // by leaf; bytes are empty where the body was removed
  std::map<std::pair<std::string, uint64_t>, Chain> chains;  // by agent and incarnation
  std::map<std::tuple<std::string, uint64_t, uint64_t>, Leaf> places;
  std::map<std::pair<RecordKind, std::string>, Record> records;
  std::map<std::string, std::vector<SetAside>> set_aside;  // the oldest first
  uint64_t revision = 0;
  std::map<std::string, std::string> ledger;
  uint64_t ledger_version = 0;
};

// All of the change, which fits the store's rules, or nothing of it: kDenied where what it expects isn't so
// any more.
Result<Receipt> Apply(MemoryState& state, const Change& change);

}  // namespace postern::store
