// The `usage` objects of an answer, and how they add up.
//
// message_start carries the input side, each message_delta the counts so far, of which newer providers repeat
// all classes. Counts only grow within one answer, so of two reports the larger value is taken, field by
// field: a delta that leaves classes out, or repeats them as 0, takes nothing back, and a report that comes
// twice adds nothing. cache_creation_input_tokens is the sum of its two parts, never added to them; where it
// is more than they are, the rest counts as written for 5 minutes. Entries of `iterations` other than
// "message" (a compaction, for one) are billed on top of the totals and are added here.
#pragma once

#include <cstdint>
#include <string>

#include "agent/dialect/json_cursor.h"
#include "shared/pricing/usage.h"

namespace postern::dialect {

// The provider's counts by the names it gives them; what it leaves out is 0.
struct UsageCounts {
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  int64_t thinking_tokens = 0;
  int64_t cache_read_input_tokens = 0;
  int64_t cache_creation_input_tokens = 0;
  int64_t ephemeral_5m_input_tokens = 0;
  int64_t ephemeral_1h_input_tokens = 0;
  int64_t web_search_requests = 0;
  int64_t web_fetch_requests = 0;
};

// One `usage` object, or the larger of several. Thread-compatible.
struct UsageReport {
  bool seen = false;         // a count was in it
  bool prompt_seen = false;  // input_tokens was, which no report of a prompt leaves out
  UsageCounts counts;
  UsageCounts on_top;        // the sum of the iterations that the counts leave out
  std::string service_tier;  // these three made plain, at most 64 bytes
  std::string speed;
  std::string inference_geo;

  // Takes the object (or null, or whatever stands in its place) from `json`; counts that are negative or no
  // numbers are 0. False if the JSON is broken.
  bool Read(JsonCursor& json);

  void Merge(const UsageReport& later);
  pricing::Usage ToUsage() const;
};

}  // namespace postern::dialect
