#include "collector/intake/decrees.h"

#include <utility>

namespace postern::intake {

Result<treasury::Terms> NoTerms() {
  ASSIGN_OR_RETURN(auto table, limits::Table::Make({}, {}));
  return treasury::Terms{.limits = std::make_shared<const limits::Table>(std::move(table))};
}

}  // namespace postern::intake
