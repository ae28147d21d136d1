// An answer's words: a plan and a conversation become events or a JSON body. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/provider/conversation.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

// An event, comment or whole body, and what the client knows of the counts once it has it.
struct Part {
  std::string bytes;
  std::optional<Tokens> tells = {};
};

struct Answer {
  int status = 200;
  std::string content_type;
  std::string extra_headers;  // whole lines
  std::vector<Part> parts;
};

// What the provider says it used: a quarter of the request's bytes, the part up to a cache mark being written
// to the cache at first and mostly read from it in later turns; a quarter of the answer's bytes. The same
// request has the same counts.
Tokens CountTokens(const Conversation& conversation, size_t answer_bytes, size_t thinking_bytes);

// `number` makes ids differ from answer to answer.
Answer Compose(const Plan& plan, const Conversation& conversation, uint64_t number);

// {"type":"error", …}; an empty type is the one that fits the status.
std::string ErrorBody(int status, std::string type, const std::string& message, uint64_t number);
std::string ErrorTypeOf(int status);

std::string RequestId(uint64_t number);

}  // namespace postern::provider
