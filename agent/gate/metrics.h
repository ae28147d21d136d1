// What the gate counts, and how Prometheus reads it. The names are listed in the README and are part of the
// product.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "agent/gate/refusal.h"
#include "agent/purse/purse.h"
#include "shared/base/amount.h"
#include "shared/pricing/usage.h"

namespace postern::gate {

// A histogram of durations with fixed bounds, from 10 µs to 10 s.
class DurationHistogram {
 public:
  static constexpr std::array<double, 13> kBounds = {
      0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1, 10};
  void Observe(std::chrono::nanoseconds duration);
  // The lines of name_bucket, name_sum and name_count.
  void AppendTo(std::string& out, std::string_view name) const;

 private:
  std::array<uint64_t, kBounds.size() + 1> counts_{};
  double sum_ = 0;
};

// Writes the text format (version 0.0.4), one family after the other. Thread-compatible.
class MetricsText {
 public:
  explicit MetricsText(std::string& out) : out_(out) {}
  void Family(std::string_view name, std::string_view type, std::string_view help);
  // `labels` without braces: `reason="no_key"`; label values are made safe by Label.
  void Sample(std::string_view name, std::string_view labels, double value);
  void Sample(std::string_view name, std::string_view labels, uint64_t value);
  static std::string Label(std::string_view name, std::string_view value);

 private:
  std::string& out_;
};

// What answers were extended by while they streamed, beyond what was reserved for them.
struct ExtensionCounts {
  uint64_t granted = 0;
  uint64_t exhausted = 0;    // refused: too little is left
  uint64_t unavailable = 0;  // refused: the collector gave no answer, or the record can't be kept
  Amount nano_dollars;       // of those that were granted, where a limit counts dollars …
  Amount tokens;             // … or tokens
};

// Owned by the loop thread.
class Metrics {
 public:
  void CountRefusal(Reason reason) { ++refusals_[static_cast<size_t>(reason)]; }
  void CountExchange(std::string_view call, std::string_view ending);
  void CountUsage(const std::string& model, const pricing::Usage& usage, Amount nano_dollars);
  void CountExtension(const purse::Decision& decision, const limits::Amounts& growth);
  const ExtensionCounts& extensions() const { return extensions_; }
  void CountBytes(uint64_t from_client, uint64_t to_client);
  // From a request's last byte to the first byte that goes upstream, without waiting for a connection.
  void ObserveOverhead(std::chrono::nanoseconds duration) { overhead_.Observe(duration); }
  void Began() { ++in_flight_; }
  void Ended() { --in_flight_; }

  void AppendTo(std::string& out) const;

 private:
  struct ModelCounts {
    pricing::Usage usage;
    Amount nano_dollars;
  };
  std::array<uint64_t, kReasons> refusals_{};
  std::map<std::pair<std::string, std::string>, uint64_t, std::less<>> exchanges_;  // by call and ending
  std::map<std::string, ModelCounts, std::less<>> models_;  // only models with a price
  ExtensionCounts extensions_;
  uint64_t bytes_from_client_ = 0;
  uint64_t bytes_to_client_ = 0;
  uint64_t in_flight_ = 0;
  DurationHistogram overhead_;
};

}  // namespace postern::gate
