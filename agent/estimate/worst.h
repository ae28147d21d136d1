// The most that an exchange can cost: what is reserved for limits with `admission: strict`, of which nothing
// is ever spent beyond them.
//
//   prompt   a token for each byte of text; the documented most for pictures and pages; what the provider
//            adds for tools; all of it in the dearest class, band and place
//   answer   max_tokens
//
// What can't be bounded so is refused, or counted by the policy's caps: web searches, files that the provider
// fetches. A cap is the administrator's word; nothing here holds the provider to it.
#pragma once

#include <cstdint>
#include <span>

#include "agent/dialect/messages_request.h"
#include "agent/estimate/bill.h"

namespace postern::estimate {

// `admission:` of a policy. 0: there is none.
struct Caps {
  uint32_t web_searches = 0;  // in one exchange
  uint64_t file_tokens = 0;   // of each file, URL and search result
};

// What bounds a prompt beyond its weight.
struct Extras {
  uint32_t client_tools = 0;    // tools of the client's
  uint32_t provider_typed = 0;  // of them, those that the provider describes itself (bash_…)
  uint32_t searches = 0;        // server tools that search the web
  uint32_t other_server_tools = 0;
  int64_t mcp_servers = 0;
};

Extras ExtrasOf(const dialect::RequestFacts& request);

// kDenied, with a sentence for the person at the client, where something in it can't be bounded. kNotFound as
// PriceTable::Price.
Result<limits::Amounts> EstimateWorst(const Question& question, const Extras& extras, const Caps& caps,
                                      const Prices& prices);

}  // namespace postern::estimate
