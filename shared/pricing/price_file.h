// The file of prices, config/models.yaml; its format is in README.md.
#pragma once

#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/pricing/price_table.h"

namespace postern::pricing {

// kInvalid, naming file, line, key, what was found and what is allowed.
Result<PriceTable> LoadPriceTable(const config::Node& file);

}  // namespace postern::pricing
