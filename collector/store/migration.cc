#include "collector/store/migration.h"

#include <algorithm>
#include <string>

#include "shared/base/log.h"

namespace postern::store {

const std::vector<MigrationStep>& MigrationSteps() {
  static const std::vector<MigrationStep> steps = {
      // Opening has made the family. The number alone keeps an older version from writing past it.
      {.from = 1, .what = "a place for the ledger", .run = [](kv::Store&) -> Status { return Ok{}; }},
  };
  return steps;
}

Status Migrate(kv::Store& store, uint32_t format, const std::vector<MigrationStep>& steps) {
  while (store.format() < format) {
    const uint32_t from = store.format();
    const auto step = std::find_if(steps.begin(), steps.end(),
                                   [&](const MigrationStep& known) { return known.from == from; });
    if (step == steps.end()) {
      return Error{ErrorCode::kInvalid, "the collector's store has format " + std::to_string(from) +
                                            ", which this version can't bring to format " +
                                            std::to_string(format)};
    }
    Log(Level::kInfo, "the store is brought to a newer format", {{"from", from}, {"step", step->what}});
    RETURN_IF_ERROR(step->run(store));
    RETURN_IF_ERROR(store.SetFormat(from + 1));
  }
  return Ok{};
}

}  // namespace postern::store
