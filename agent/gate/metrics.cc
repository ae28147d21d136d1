#include "agent/gate/metrics.h"

#include <charconv>

namespace postern::gate {
namespace {

std::string Number(double value) {
  std::array<char, 32> text;  // NOLINT: filled below
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::string(text.data(), end) : "NaN";
}

}  // namespace

void DurationHistogram::Observe(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++counts_[bucket];
  sum_ += seconds;
}

void DurationHistogram::AppendTo(std::string& out, std::string_view name) const {
  MetricsText text(out);
  const std::string buckets = std::string(name) + "_bucket";
  uint64_t count = 0;
  for (size_t i = 0; i < kBounds.size(); ++i) {
    count += counts_[i];
    text.Sample(buckets, MetricsText::Label("le", Number(kBounds[i])), count);
  }
  count += counts_.back();
  text.Sample(buckets, MetricsText::Label("le", "+Inf"), count);
  text.Sample(std::string(name) + "_sum", "", sum_);
  text.Sample(std::string(name) + "_count", "", count);
}

void MetricsText::Family(std::string_view name, std::string_view type, std::string_view help) {
  out_.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type);
  out_ += '\n';
}

void MetricsText::Sample(std::string_view name, std::string_view labels, double value) {
  out_ += name;
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_.append(" ").append(Number(value)).append("\n");
}

void MetricsText::Sample(std::string_view name, std::string_view labels, uint64_t value) {
  out_ += name;
  if (!labels.empty()) out_.append("{").append(labels).append("}");
  out_.append(" ").append(std::to_string(value)).append("\n");
}

std::string MetricsText::Label(std::string_view name, std::string_view value) {
  std::string label = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') label += '\\';
    if (c == '\n') {
      label += "\\n";
    } else {
      label += c;
    }
  }
  return label + '"';
}

void Metrics::CountExchange(std::string_view call, std::string_view ending) {
  ++exchanges_[{std::string(call), std::string(ending)}];
}

void Metrics::CountUsage(const std::string& model, const pricing::Usage& usage, Amount nano_dollars) {
  ModelCounts& counts = models_[model];
  counts.usage.input += usage.input;
  counts.usage.output += usage.output;
  counts.usage.cache_read += usage.cache_read;
  counts.usage.cache_write_5m += usage.cache_write_5m;
  counts.usage.cache_write_1h += usage.cache_write_1h;
  counts.nano_dollars = Amount::SaturatingAdd(counts.nano_dollars, nano_dollars);
}

void Metrics::CountExtension(const purse::Decision& decision, const limits::Amounts& growth) {
  if (decision.verdict == purse::Verdict::kExhausted) ++extensions_.exhausted;
  if (decision.verdict == purse::Verdict::kUnavailable || decision.verdict == purse::Verdict::kUnrecorded)
    ++extensions_.unavailable;
  if (decision.verdict != purse::Verdict::kAdmitted) return;
  ++extensions_.granted;
  extensions_.nano_dollars = Amount::SaturatingAdd(extensions_.nano_dollars, growth[limits::Unit::kUsd]);
  extensions_.tokens = Amount::SaturatingAdd(extensions_.tokens, growth[limits::Unit::kTokens]);
}

void Metrics::CountBytes(uint64_t from_client, uint64_t to_client) {
  bytes_from_client_ += from_client;
  bytes_to_client_ += to_client;
}

void Metrics::AppendTo(std::string& out) const {
  MetricsText text(out);
  text.Family("postern_exchanges_total", "counter",
              "Exchanges that went upstream, by call and how they ended.");
  for (const auto& [key, count] : exchanges_) {
    text.Sample("postern_exchanges_total",
                MetricsText::Label("call", key.first) + "," + MetricsText::Label("ending", key.second),
                count);
  }
  text.Family("postern_exchanges_in_flight", "gauge", "Exchanges that are upstream now.");
  text.Sample("postern_exchanges_in_flight", "", in_flight_);
  text.Family("postern_refusals_total", "counter", "Requests that were refused here, by reason.");
  for (int i = 0; i < kReasons; ++i) {
    text.Sample("postern_refusals_total", MetricsText::Label("reason", Name(static_cast<Reason>(i))),
                refusals_[static_cast<size_t>(i)]);
  }
  text.Family(
      "postern_overhead_seconds", "histogram",
      "From a request's last byte to the first byte that goes upstream, without waiting for a connection.");
  overhead_.AppendTo(out, "postern_overhead_seconds");
  text.Family("postern_client_bytes_total", "counter", "Bytes of bodies exchanged with clients.");
  text.Sample("postern_client_bytes_total", MetricsText::Label("direction", "received"), bytes_from_client_);
  text.Sample("postern_client_bytes_total", MetricsText::Label("direction", "sent"), bytes_to_client_);
  text.Family("postern_tokens_total", "counter", "Tokens that were billed, by model and class.");
  for (const auto& [model, counts] : models_) {
    const std::pair<std::string_view, int64_t> classes[] = {{"input", counts.usage.input},
                                                            {"output", counts.usage.output},
                                                            {"cache_read", counts.usage.cache_read},
                                                            {"cache_write_5m", counts.usage.cache_write_5m},
                                                            {"cache_write_1h", counts.usage.cache_write_1h}};
    for (const auto& [name, tokens] : classes) {
      text.Sample("postern_tokens_total",
                  MetricsText::Label("model", model) + "," + MetricsText::Label("class", name),
                  static_cast<uint64_t>(tokens));
    }
  }
  text.Family("postern_cost_dollars_total", "counter", "What was billed, by model, at the list's prices.");
  for (const auto& [model, counts] : models_) {
    text.Sample("postern_cost_dollars_total", MetricsText::Label("model", model),
                static_cast<double>(counts.nano_dollars.units()) / 1e9);
  }
}

}  // namespace postern::gate
