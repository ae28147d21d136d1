// What a provider bills for, by token class.
#pragma once

#include <cstdint>
#include <string>

namespace postern::pricing {

// The counts of one exchange, each in tokens unless it says otherwise; classes don't overlap.
// Source of the names: the Messages API's `usage` object (message_start has the input side, message_delta the
// cumulative output side). Thread-compatible.
struct Usage {
  int64_t input = 0;       // input_tokens: neither read from nor written to a cache
  int64_t output = 0;      // output_tokens, hidden thinking included
  int64_t cache_read = 0;  // cache_read_input_tokens
  int64_t cache_write_5m =
      0;  // cache_creation.ephemeral_5m_input_tokens, or all of cache_creation_input_tokens
  int64_t cache_write_1h = 0;  // cache_creation.ephemeral_1h_input_tokens
  int64_t thinking = 0;        // output_tokens_details.thinking_tokens: a part of `output`, never added to it
  int64_t web_searches = 0;    // requests: server_tool_use.web_search_requests
  int64_t web_fetches = 0;     // requests: server_tool_use.web_fetch_requests
  std::string service_tier;    // "standard", "priority", "batch"; empty where the provider says nothing
  std::string speed;           // "fast" where the answer says so
  std::string inference_geo;   // "us", "global" where the answer says so

  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace postern::pricing
