// What an exchange costs, in nano-dollars.
//
//   cost = ⌈ Σ over token classes (tokens × rate) × multipliers ⌉ + web searches × their price
//
// A rate of d dollars per million tokens is 1,000·d nano-dollars a token, so published prices are whole
// numbers here. Multipliers (a place of inference, a regional cloud endpoint, the batch interface) are
// thousandths, multiplied together, and apply to tokens only; the product is rounded up to a whole
// nano-dollar once, at its end. Counts that are negative count as 0 and absurd ones as 10^12, so that no sum
// overflows and none is small by mistake.
//
// It fails closed: what has no price is an error, never $0.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/amount.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/pricing/model_name.h"
#include "shared/pricing/usage.h"

namespace postern::pricing {

constexpr int64_t kMostRate = 1'000'000'000;         // a dollar a token
constexpr int64_t kMostMultiplier = 100'000;         // 100
constexpr int64_t kMostSearchPrice = 1'000'000'000;  // a dollar a search

// Nano-dollars a token, each 0 to kMostRate.
struct Rates {
  int64_t input = 0;
  int64_t output = 0;
  int64_t cache_write_5m = 0;
  int64_t cache_write_1h = 0;
  int64_t cache_read = 0;

  friend bool operator==(const Rates&, const Rates&) = default;
};

// Rates for requests whose prompt (input, cache reads and cache writes together) has at most `most_prompt`
// tokens; they hold for every token of such a request, output too.
struct Band {
  int64_t most_prompt = 0;  // of the last band it doesn't matter
  Rates rates;
};

// The prices of one model from a date on.
struct PriceEntry {
  std::string from;  // "2026-10-07", or empty: since ever
  WallTime starts = WallTime::min();
  std::vector<Band> bands;  // most_prompt rising; the last one holds for every longer prompt; never empty
  std::map<std::string, Rates, std::less<>> speeds;  // by `speed`, where it isn't the standard one
  std::string version;  // set by PriceTable: "claude-opus-5-5@2026-09-22/9f86d081884c7d65"
};

struct ModelPrices {
  std::string id;
  std::vector<std::string> aliases;
  std::vector<PriceEntry> entries;  // `starts` rising; never empty
};

// Thousandths, so 1,100 is 1.1; each 0 to kMostMultiplier.
struct Multipliers {
  std::map<std::string, int64_t, std::less<>> inference_geo;
  int64_t regional = 1000;
  int64_t batch = 1000;
};

// What the exchange asked for, which counts where its usage doesn't say what it got; and where a cloud ran
// it, which counts where the model's name doesn't say so.
struct Place {
  Endpoint endpoint = Endpoint::kUnsaid;
  std::string_view speed;
  std::string_view inference_geo;
};

struct Cost {
  Amount nano_dollars;
  std::string model;          // the table's id, or "default"
  std::string price_version;  // names the entry and, by a hash, its numbers: equal versions are equal prices

  friend bool operator==(const Cost&, const Cost&) = default;
};

// Made once from a file, then only read. Thread-compatible.
class PriceTable {
 public:
  // kInvalid when two models share a name. `fallback`, if there is one, prices every model that isn't listed.
  static Result<PriceTable> Make(std::vector<ModelPrices> models, Multipliers multipliers,
                                 int64_t nano_dollars_per_search, std::optional<ModelPrices> fallback);

  // kNotFound, with one sentence for a person, for a model (or a requested speed, or a time) that the table
  // has no price for. Asked with an empty Usage it tells before an exchange whether that can be priced; what
  // has passed then, passes with every usage at that time. A place of inference that isn't listed is billed
  // like the dearest listed one.
  Result<Cost> Price(std::string_view model, const Usage& usage, WallTime when,
                     const Place& place = {}) const;

  // In the order of the file, without aliases.
  const std::vector<ModelPrices>& models() const { return models_; }

 private:
  PriceTable() = default;
  const ModelPrices* Find(std::string_view id) const;
  int64_t GeoMultiplier(std::string_view geo) const;
  void SetVersions(ModelPrices& model) const;

  std::vector<ModelPrices> models_;
  std::map<std::string, size_t, std::less<>> by_name_;
  Multipliers multipliers_;
  int64_t nano_dollars_per_search_ = 0;
  std::optional<ModelPrices> fallback_;
};

}  // namespace postern::pricing
