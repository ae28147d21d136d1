// The models that are known by name, with their other names: what makes an alias or a dated form of a denied
// model no way around the rule.
#pragma once

#include <string>
#include <vector>

#include "shared/pricing/price_table.h"

namespace postern::policy {

struct CatalogueModel {
  std::string id;
  std::vector<std::string> aliases;
};

// Those that have a price are the ones that exist. Without any, patterns are held against names as written.
struct Catalogue {
  std::vector<CatalogueModel> models;
};

Catalogue CatalogueOf(const pricing::PriceTable& prices);

}  // namespace postern::policy
