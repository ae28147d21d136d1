// What a request to the Messages API says, as far as an answer depends on it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace postern::provider {

// Thread-compatible.
struct Conversation {
  std::string model;
  bool stream = false;
  std::optional<int64_t> max_tokens;  // no answer is longer
  size_t messages = 0;

  // The prompt is the last message of the user that isn't the results of tools. Its texts are joined by
  // newlines.
  std::string prompt;
  size_t results = 0;       // tool results since the prompt
  std::string last_result;  // the text of the last one

  bool names_tools = false;  // the request has a `tools` member
  std::vector<std::string> tools;

  // For counting: the bytes up to the last cache mark, and how long it is to be kept.
  size_t bytes = 0;
  size_t cached_bytes = 0;
  bool cached_for_an_hour = false;

  // Where a thinking block isn't as we signed it: "messages.3.content.0"; empty if all are.
  std::string forged_thinking;

  bool Offers(std::string_view tool) const;
};

// kInvalid with the sentence that the provider's own 400 would have.
Result<Conversation> ReadConversation(std::string_view body);

// What a thinking block is signed with.
std::string SignatureOf(std::string_view thinking);

}  // namespace postern::provider
