#include "shared/pricing/price_file.h"

#include <chrono>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace postern::pricing {
namespace {

using config::Map;
using config::Node;

constexpr int kThousandths = 3;
constexpr int64_t kMostPrompt = 1'000'000'000;

// Dollars a million tokens, in thousandths: that is nano-dollars a token.
Result<int64_t> ReadRate(const Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(const Node node, map.Require(key));
  ASSIGN_OR_RETURN(const int64_t rate, node.AsDecimal(kThousandths));
  if (rate < 0 || rate > kMostRate)
    return node.Wrong("a rate out of range", "0 to 1000000 dollars per million tokens");
  return rate;
}

Result<Rates> ReadRates(const Map& map) {
  Rates rates;
  ASSIGN_OR_RETURN(rates.input, ReadRate(map, "input"));
  ASSIGN_OR_RETURN(rates.output, ReadRate(map, "output"));
  ASSIGN_OR_RETURN(rates.cache_write_5m, ReadRate(map, "write_5m"));
  ASSIGN_OR_RETURN(rates.cache_write_1h, ReadRate(map, "write_1h"));
  ASSIGN_OR_RETURN(rates.cache_read, ReadRate(map, "read"));
  return rates;
}

Result<int64_t> ReadMultiplier(const Node& node) {
  ASSIGN_OR_RETURN(const int64_t multiplier, node.AsDecimal(kThousandths));
  if (multiplier < 0 || multiplier > kMostMultiplier)
    return node.Wrong("a multiplier out of range", "0 to 100");
  return multiplier;
}

Status ReadMultipliers(const Node& node, Multipliers& multipliers) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"inference_geo", "regional", "batch"}));
  if (const auto regional = map.Find("regional")) {
    ASSIGN_OR_RETURN(multipliers.regional, ReadMultiplier(*regional));
  }
  if (const auto batch = map.Find("batch")) {
    ASSIGN_OR_RETURN(multipliers.batch, ReadMultiplier(*batch));
  }
  if (const auto geos = map.Find("inference_geo")) {
    ASSIGN_OR_RETURN(const auto entries, geos->AsEntries());
    for (const auto& [geo, value] : entries) {
      ASSIGN_OR_RETURN(multipliers.inference_geo[geo], ReadMultiplier(value));
    }
  }
  return Ok{};
}

Status ReadDate(const Node& node, PriceEntry& entry) {
  ASSIGN_OR_RETURN(entry.from, node.AsString());
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int length = 0;
  const int fields = std::sscanf(entry.from.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &length);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (fields != 3 || entry.from.size() != 10 || length != 10 || !date.ok()) {
    return node.Wrong("\"" + entry.from + "\"", "a date such as 2026-10-07");
  }
  entry.starts = std::chrono::sys_days(date);
  return Ok{};
}

// One band is the map of rates itself; several stand in a list, all but the last with up_to.
Result<std::vector<Band>> ReadBands(const Node& node) {
  ASSIGN_OR_RETURN(const auto nodes, node.AsList());
  std::vector<Band> bands;
  for (const Node& item : nodes) {
    ASSIGN_OR_RETURN(const Map map, item.AsMap({"up_to", "input", "output", "write_5m", "write_1h", "read"}));
    Band& band = bands.emplace_back();
    ASSIGN_OR_RETURN(band.rates, ReadRates(map));
    const auto up_to = map.Find("up_to");
    const bool last = bands.size() == nodes.size();
    if (last == up_to.has_value())
      return item.Wrong(last ? "up_to in the last band" : "no up_to", "up_to in all bands but the last");
    const int64_t above = bands.size() > 1 ? bands[bands.size() - 2].most_prompt : 0;
    band.most_prompt = std::numeric_limits<int64_t>::max();
    if (up_to) {
      ASSIGN_OR_RETURN(band.most_prompt, up_to->AsInteger(above + 1, kMostPrompt));
    }
  }
  if (bands.empty()) return node.Wrong("an empty list", "at least one band");
  return bands;
}

Status ReadSpeeds(const Node& node, PriceEntry& entry) {
  ASSIGN_OR_RETURN(const auto speeds, node.AsEntries());
  for (const auto& [speed, rates] : speeds) {
    ASSIGN_OR_RETURN(const Map map, rates.AsMap({"input", "output", "write_5m", "write_1h", "read"}));
    ASSIGN_OR_RETURN(entry.speeds[speed], ReadRates(map));
  }
  return Ok{};
}

Result<PriceEntry> ReadEntry(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"from", "bands", "input", "output", "write_5m", "write_1h",
                                              "read", "speeds"}));
  PriceEntry entry;
  if (const auto from = map.Find("from")) RETURN_IF_ERROR(ReadDate(*from, entry));
  if (const auto bands = map.Find("bands")) {
    if (map.Find("input")) return node.Wrong("rates beside bands", "either rates or bands");
    ASSIGN_OR_RETURN(entry.bands, ReadBands(*bands));
  } else {
    ASSIGN_OR_RETURN(const Rates rates, ReadRates(map));
    entry.bands = {{std::numeric_limits<int64_t>::max(), rates}};
  }
  if (const auto speeds = map.Find("speeds")) RETURN_IF_ERROR(ReadSpeeds(*speeds, entry));
  return entry;
}

Result<std::vector<PriceEntry>> ReadEntries(const Node& node) {
  ASSIGN_OR_RETURN(const auto nodes, node.AsList());
  std::vector<PriceEntry> entries;
  for (const Node& item : nodes) {
    ASSIGN_OR_RETURN(PriceEntry entry, ReadEntry(item));
    if (!entries.empty() && entry.starts <= entries.back().starts) {
      return item.Wrong("a date that isn't later than the one before",
                        "entries in order of their from, the first may have none");
    }
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) return node.Wrong("an empty list", "at least one entry");
  return entries;
}

Status ReadAliases(const Map& map, ModelPrices& model) {
  const auto aliases = map.Find("aliases");
  if (!aliases) return Ok{};
  ASSIGN_OR_RETURN(const auto nodes, aliases->AsList());
  for (const Node& alias : nodes) {
    ASSIGN_OR_RETURN(model.aliases.emplace_back(), alias.AsString());
  }
  return Ok{};
}

Result<ModelPrices> ReadFallback(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"aliases", "prices"}));
  ModelPrices model{"default", {}, {}};
  RETURN_IF_ERROR(ReadAliases(map, model));
  ASSIGN_OR_RETURN(const Node prices, map.Require("prices"));
  ASSIGN_OR_RETURN(model.entries, ReadEntries(prices));
  return model;
}

// Those listed, in their order. A model with prices_of costs what that one does, and is another model all the
// same: policies, limits and the record tell them apart.
class ModelList {
 public:
  Result<std::vector<ModelPrices>> Read(const Node& list) {
    ASSIGN_OR_RETURN(const auto entries, list.AsEntries());
    for (const auto& [id, node] : entries) RETURN_IF_ERROR(ReadModel(id, node));
    for (const auto& [place, named] : borrowers_) RETURN_IF_ERROR(Borrow(models_[place], named));
    return std::move(models_);
  }

 private:
  Status ReadModel(const std::string& id, const Node& node) {
    ASSIGN_OR_RETURN(const Map map, node.AsMap({"aliases", "prices", "prices_of"}));
    ModelPrices& model = models_.emplace_back();
    model.id = id;
    RETURN_IF_ERROR(ReadAliases(map, model));
    if (const auto named = map.Find("prices_of")) {
      if (map.Find("prices")) return node.Wrong("prices beside prices_of", "either prices or prices_of");
      borrowers_.emplace_back(models_.size() - 1, *named);
      return Ok{};
    }
    ASSIGN_OR_RETURN(const Node prices, map.Require("prices"));
    ASSIGN_OR_RETURN(model.entries, ReadEntries(prices));
    own_prices_.emplace(id, models_.size() - 1);
    return Ok{};
  }

  // From one with prices of its own, so that nothing goes round in a circle.
  Status Borrow(ModelPrices& model, const Node& named) const {
    ASSIGN_OR_RETURN(const std::string id, named.AsString());
    const auto lender = own_prices_.find(id);
    if (lender == own_prices_.end())
      return named.Wrong("\"" + id + "\"", "the id of a model of this list that has prices of its own");
    model.entries = models_[lender->second].entries;
    return Ok{};
  }

  std::vector<ModelPrices> models_;
  std::map<std::string, size_t> own_prices_;
  std::vector<std::pair<size_t, Node>> borrowers_;
};

// Dollars a thousand searches, in millionths: that is nano-dollars a search.
Result<int64_t> ReadSearchPrice(const Map& root) {
  ASSIGN_OR_RETURN(const Node node, root.Require("web_search"));
  ASSIGN_OR_RETURN(const int64_t price, node.AsDecimal(6));
  if (price < 0 || price > kMostSearchPrice)
    return node.Wrong("a price out of range", "0 to 1000 dollars per 1,000");
  return price;
}

}  // namespace

Result<PriceTable> LoadPriceTable(const config::Node& file) {
  ASSIGN_OR_RETURN(const Map root, file.AsMap({"multipliers", "web_search", "models", "default"}));
  Multipliers multipliers;
  if (const auto node = root.Find("multipliers")) RETURN_IF_ERROR(ReadMultipliers(*node, multipliers));
  ASSIGN_OR_RETURN(const int64_t search_price, ReadSearchPrice(root));
  ASSIGN_OR_RETURN(const Node list, root.Require("models"));
  ASSIGN_OR_RETURN(auto models, ModelList().Read(list));
  std::optional<ModelPrices> fallback;
  if (const auto node = root.Find("default")) {
    ASSIGN_OR_RETURN(fallback, ReadFallback(*node));
  }
  auto table = PriceTable::Make(std::move(models), std::move(multipliers), search_price, std::move(fallback));
  if (!table) return list.Wrong(table.error().message, "each name once");
  return table;
}

}  // namespace postern::pricing
