// How a store of an older format becomes one of the present: step by step, each from one format to the next.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "shared/base/result.h"
#include "shared/kv/store.h"

namespace postern::store {

struct MigrationStep {
  uint32_t from = 0;  // to from + 1
  const char* what = "";
  // May be run again after it was cut off in the middle.
  std::function<Status(kv::Store&)> run;
};

// Every step that there has ever been. Format 1 is the first.
const std::vector<MigrationStep>& MigrationSteps();

// Brings the store to `format`, one synced step after the other, so that a crash begins again at the step
// that it cut off. kInvalid where a step is missing.
Status Migrate(kv::Store& store, uint32_t format, const std::vector<MigrationStep>& steps);

}  // namespace postern::store
