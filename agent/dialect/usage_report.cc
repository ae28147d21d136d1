#include "agent/dialect/usage_report.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "agent/dialect/plain_text.h"
#include "agent/dialect/prefix.h"

namespace postern::dialect {
namespace {

constexpr size_t kLongestWord = 64;

using Count = int64_t UsageCounts::*;
struct NamedCount {
  std::string_view name;
  Count count;
};

constexpr std::array<NamedCount, 9> kCounts = {{
    {"input_tokens", &UsageCounts::input_tokens},
    {"output_tokens", &UsageCounts::output_tokens},
    {"thinking_tokens", &UsageCounts::thinking_tokens},
    {"cache_read_input_tokens", &UsageCounts::cache_read_input_tokens},
    {"cache_creation_input_tokens", &UsageCounts::cache_creation_input_tokens},
    {"ephemeral_5m_input_tokens", &UsageCounts::ephemeral_5m_input_tokens},
    {"ephemeral_1h_input_tokens", &UsageCounts::ephemeral_1h_input_tokens},
    {"web_search_requests", &UsageCounts::web_search_requests},
    {"web_fetch_requests", &UsageCounts::web_fetch_requests},
}};

int64_t Sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

bool IsGroup(std::string_view key) {
  return Equals(key, "cache_creation") || Equals(key, "server_tool_use") ||
         Equals(key, "output_tokens_details");
}

// Few names are equally long, so most are told apart without looking at them.
const NamedCount* FindCount(std::string_view key) {
  for (const NamedCount& named : kCounts) {
    if (named.name.size() == key.size() && std::memcmp(named.name.data(), key.data(), key.size()) == 0)
      return &named;
  }
  return nullptr;
}

// Takes the value of `key` if it is a count or one of the objects that hold further ones; anything else is
// left for the caller. The names are unique over all of these objects.
bool TakeCount(std::string_view key, JsonCursor& json, UsageCounts& counts, bool& seen) {
  if (IsGroup(key) && json.Peek() == JsonKind::kObject) {
    json.EnterObject();
    std::string_view inner;
    while (json.NextMember(inner)) {
      if (IsGroup(inner) || !TakeCount(inner, json, counts, seen)) json.Skip();
    }
    return true;
  }
  if (json.Peek() != JsonKind::kNumber) return false;
  const NamedCount* const named = FindCount(key);
  if (named == nullptr) return false;
  const auto number = json.TakeNumber();
  counts.*named->count = number ? CountFromNumber(*number).value_or(0) : 0;
  seen = true;
  return true;
}

void TakeWord(JsonCursor& json, std::string& word) {
  if (json.Peek() == JsonKind::kString) {
    if (const auto text = json.TakeString()) AssignPlain(word, *text, kLongestWord);
  } else {
    json.Skip();
  }
}

void ReadIteration(JsonCursor& json, UsageCounts& on_top) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return;
  }
  UsageCounts counts;
  std::string type = "message";
  bool seen = false;
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    if (Equals(key, "type")) {
      TakeWord(json, type);
    } else if (!TakeCount(key, json, counts, seen)) {
      json.Skip();
    }
  }
  if (type == "message") return;
  for (const auto& [name, count] : kCounts) on_top.*count = Sum(on_top.*count, counts.*count);
}

void ReadIterations(JsonCursor& json, UsageCounts& on_top) {
  if (json.Peek() != JsonKind::kArray) {
    json.Skip();
    return;
  }
  json.EnterArray();
  while (json.NextElement()) ReadIteration(json, on_top);
}

void AddTo(pricing::Usage& usage, const UsageCounts& counts) {
  const int64_t parts = Sum(counts.ephemeral_5m_input_tokens, counts.ephemeral_1h_input_tokens);
  const int64_t rest = std::max<int64_t>(0, counts.cache_creation_input_tokens - parts);
  usage.input = Sum(usage.input, counts.input_tokens);
  usage.output = Sum(usage.output, counts.output_tokens);
  usage.cache_read = Sum(usage.cache_read, counts.cache_read_input_tokens);
  usage.cache_write_5m = Sum(usage.cache_write_5m, Sum(counts.ephemeral_5m_input_tokens, rest));
  usage.cache_write_1h = Sum(usage.cache_write_1h, counts.ephemeral_1h_input_tokens);
  usage.thinking = Sum(usage.thinking, counts.thinking_tokens);
  usage.web_searches = Sum(usage.web_searches, counts.web_search_requests);
  usage.web_fetches = Sum(usage.web_fetches, counts.web_fetch_requests);
}

void Prefer(const std::string& later, std::string& word) {
  if (!later.empty()) word = later;
}

}  // namespace

bool UsageReport::Read(JsonCursor& json) {
  if (json.Peek() != JsonKind::kObject) return json.Skip();
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) {
    prompt_seen = prompt_seen || (Equals(key, "input_tokens") && json.Peek() == JsonKind::kNumber);
    if (Equals(key, "iterations")) {
      ReadIterations(json, on_top);
    } else if (Equals(key, "service_tier")) {
      TakeWord(json, service_tier);
    } else if (Equals(key, "speed")) {
      TakeWord(json, speed);
    } else if (Equals(key, "inference_geo")) {
      TakeWord(json, inference_geo);
    } else if (!TakeCount(key, json, counts, seen)) {
      json.Skip();
    }
  }
  return json.failure() == JsonFailure::kNone;
}

void UsageReport::Merge(const UsageReport& later) {
  for (const auto& [name, count] : kCounts) {
    counts.*count = std::max(counts.*count, later.counts.*count);
    on_top.*count = std::max(on_top.*count, later.on_top.*count);
  }
  seen = seen || later.seen;
  prompt_seen = prompt_seen || later.prompt_seen;
  Prefer(later.service_tier, service_tier);
  Prefer(later.speed, speed);
  Prefer(later.inference_geo, inference_geo);
}

pricing::Usage UsageReport::ToUsage() const {
  pricing::Usage usage;
  AddTo(usage, counts);
  AddTo(usage, on_top);
  usage.service_tier = service_tier;
  usage.speed = speed;
  usage.inference_geo = inference_geo;
  return usage;
}

}  // namespace postern::dialect
