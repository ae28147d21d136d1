#include "shared/pricing/price_table.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace postern::pricing {
namespace {

// __extension__: a 128-bit integer is the compiler's, not the language's.
__extension__ using Wide = __int128;

constexpr int64_t kMostTokens = 1'000'000'000'000;
constexpr int64_t kUnit = 1000;  // a multiplier of 1

int64_t Sane(int64_t count) { return std::clamp<int64_t>(count, 0, kMostTokens); }

Wide TokenCost(const Usage& usage, const Rates& rates) {
  const auto times = [](int64_t tokens, int64_t rate) { return static_cast<Wide>(Sane(tokens)) * rate; };
  return times(usage.input, rates.input) + times(usage.output, rates.output) +
         times(usage.cache_write_5m, rates.cache_write_5m) +
         times(usage.cache_write_1h, rates.cache_write_1h) + times(usage.cache_read, rates.cache_read);
}

int64_t PromptTokens(const Usage& usage) {
  return Sane(usage.input) + Sane(usage.cache_read) + Sane(usage.cache_write_5m) + Sane(usage.cache_write_1h);
}

Amount Saturated(Wide amount) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  return Amount(amount > kLargest ? kLargest : static_cast<int64_t>(amount));
}

// FNV-1a: a fingerprint to tell prices apart, not a defence against anybody.
class Fingerprint {
 public:
  void Add(int64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      state_ = (state_ ^ (static_cast<uint64_t>(number) >> shift & 0xFF)) * 0x100000001B3U;
    }
  }
  void Add(std::string_view text) {
    for (const char c : text) Add(static_cast<unsigned char>(c));
    Add(-1);
  }
  void Add(const Rates& rates) {
    for (const int64_t rate :
         {rates.input, rates.output, rates.cache_write_5m, rates.cache_write_1h, rates.cache_read}) {
      Add(rate);
    }
  }
  std::string Text() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text.push_back(kDigits[state_ >> shift & 0xF]);
    return text;
  }

 private:
  uint64_t state_ = 0xCBF29CE484222325U;
};

Error NoPrice(const std::string& what) {
  return {ErrorCode::kNotFound, "There is no price for " + what + "."};
}

const PriceEntry* EntryAt(const ModelPrices& model, WallTime when) {
  const auto later =
      std::upper_bound(model.entries.begin(), model.entries.end(), when,
                       [](WallTime time, const PriceEntry& entry) { return time < entry.starts; });
  return later == model.entries.begin() ? nullptr : &*std::prev(later);
}

const Rates* StandardRates(const PriceEntry& entry, const Usage& usage) {
  const int64_t prompt = PromptTokens(usage);
  const auto band = std::find_if(entry.bands.begin(), std::prev(entry.bands.end()),
                                 [prompt](const Band& b) { return prompt <= b.most_prompt; });
  return &band->rates;
}

// Null for a speed without a price.
const Rates* RatesAt(std::string_view speed, const PriceEntry& entry, const Usage& usage) {
  if (speed.empty() || speed == "standard") return StandardRates(entry, usage);
  const auto found = entry.speeds.find(speed);
  return found == entry.speeds.end() ? nullptr : &found->second;
}

Result<const Rates*> RatesFor(const PriceEntry& entry, const Usage& usage, const Place& place) {
  const Rates* rates = usage.speed.empty() ? nullptr : RatesAt(usage.speed, entry, usage);
  if (rates == nullptr) rates = RatesAt(place.speed, entry, usage);
  if (rates == nullptr) return NoPrice("speed \"" + std::string(place.speed) + "\" of this model");
  return rates;
}

bool InRange(const Rates& rates) {
  for (const int64_t rate :
       {rates.input, rates.output, rates.cache_write_5m, rates.cache_write_1h, rates.cache_read}) {
    if (rate < 0 || rate > kMostRate) return false;
  }
  return true;
}

bool InRange(const Multipliers& multipliers) {
  const auto in_range = [](int64_t thousandths) {
    return thousandths >= 0 && thousandths <= kMostMultiplier;
  };
  return in_range(multipliers.regional) && in_range(multipliers.batch) &&
         std::all_of(multipliers.inference_geo.begin(), multipliers.inference_geo.end(),
                     [&](const auto& geo) { return in_range(geo.second); });
}

// The order and the ranges that Price relies on, so that its sums fit into 128 bits.
void CheckSound(const PriceEntry& entry) {
  CHECK(!entry.bands.empty());
  for (size_t i = 0; i < entry.bands.size(); ++i) {
    CHECK(InRange(entry.bands[i].rates));
    CHECK(i == 0 || entry.bands[i - 1].most_prompt < entry.bands[i].most_prompt);
  }
  for (const auto& [speed, rates] : entry.speeds) CHECK(InRange(rates));
}

}  // namespace

Result<PriceTable> PriceTable::Make(std::vector<ModelPrices> models, Multipliers multipliers,
                                    int64_t nano_dollars_per_search, std::optional<ModelPrices> fallback) {
  CHECK(InRange(multipliers) && nano_dollars_per_search >= 0 && nano_dollars_per_search <= kMostSearchPrice);
  PriceTable table;
  table.models_ = std::move(models);
  table.multipliers_ = std::move(multipliers);
  table.nano_dollars_per_search_ = nano_dollars_per_search;
  table.fallback_ = std::move(fallback);
  for (size_t i = 0; i < table.models_.size(); ++i) {
    ModelPrices& model = table.models_[i];
    table.SetVersions(model);
    std::vector<std::string> names = model.aliases;
    names.push_back(model.id);
    for (const std::string& name : names) {
      if (!table.by_name_.emplace(name, i).second) {
        return Error{ErrorCode::kInvalid, "The model name \"" + name + "\" is given twice."};
      }
    }
  }
  if (table.fallback_) table.SetVersions(*table.fallback_);
  return table;
}

void PriceTable::SetVersions(ModelPrices& model) const {
  CHECK(!model.entries.empty());
  for (PriceEntry& entry : model.entries) {
    CheckSound(entry);
    Fingerprint fingerprint;
    for (const Band& band : entry.bands) {
      fingerprint.Add(band.most_prompt);
      fingerprint.Add(band.rates);
    }
    for (const auto& [speed, rates] : entry.speeds) {
      fingerprint.Add(speed);
      fingerprint.Add(rates);
    }
    for (const auto& [geo, multiplier] : multipliers_.inference_geo) {
      fingerprint.Add(geo);
      fingerprint.Add(multiplier);
    }
    fingerprint.Add(multipliers_.regional);
    fingerprint.Add(multipliers_.batch);
    fingerprint.Add(nano_dollars_per_search_);
    entry.version = model.id + (entry.from.empty() ? "" : "@" + entry.from) + "/" + fingerprint.Text();
  }
}

const ModelPrices* PriceTable::Find(std::string_view id) const {
  const auto found = by_name_.find(id);
  if (found != by_name_.end()) return &models_[found->second];
  return fallback_ ? &*fallback_ : nullptr;
}

int64_t PriceTable::GeoMultiplier(std::string_view geo) const {
  if (geo.empty()) return kUnit;
  const auto found = multipliers_.inference_geo.find(geo);
  if (found != multipliers_.inference_geo.end()) return found->second;
  int64_t dearest = kUnit;
  for (const auto& [name, multiplier] : multipliers_.inference_geo) dearest = std::max(dearest, multiplier);
  return dearest;
}

Result<Cost> PriceTable::Price(std::string_view model, const Usage& usage, WallTime when,
                               const Place& place) const {
  const ModelName name = ParseModelName(model);
  const ModelPrices* const prices = Find(name.id);
  if (prices == nullptr) return NoPrice("model \"" + std::string(model) + "\"");
  const PriceEntry* const entry = EntryAt(*prices, when);
  if (entry == nullptr) return NoPrice("model \"" + std::string(model) + "\" at this time");
  ASSIGN_OR_RETURN(const Rates* const rates, RatesFor(*entry, usage, place));

  const Endpoint endpoint = name.endpoint == Endpoint::kUnsaid ? place.endpoint : name.endpoint;
  const std::string_view geo =
      usage.inference_geo.empty() ? place.inference_geo : std::string_view(usage.inference_geo);
  const int64_t thousandths[] = {endpoint == Endpoint::kRegional ? multipliers_.regional : kUnit,
                                 GeoMultiplier(geo),
                                 usage.service_tier == "batch" ? multipliers_.batch : kUnit};
  Wide cost = TokenCost(usage, *rates);
  Wide divisor = 1;
  for (const int64_t multiplier : thousandths) {
    cost *= multiplier;
    divisor *= kUnit;
  }
  cost =
      (cost + divisor - 1) / divisor + static_cast<Wide>(Sane(usage.web_searches)) * nano_dollars_per_search_;
  return Cost{Saturated(cost), prices->id, entry->version};
}

}  // namespace postern::pricing
