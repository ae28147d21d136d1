// The many names of one model, as clients and clouds write them.
//
//   claude-opus-5-5[1m]                                 a client asks for the long context: the same model
//   us.anthropic.claude-opus-4-6-v1                     Bedrock, regional profile
//   global.anthropic.claude-haiku-4-5-20251001-v1:0     Bedrock, global profile, dated and versioned
//   arn:aws:bedrock:…:inference-profile/eu.anthropic.…  Bedrock, by resource name
//   claude-sonnet-4-5@20250929                          Vertex
#pragma once

#include <string>
#include <string_view>

namespace postern::pricing {

enum class Endpoint { kUnsaid, kRegional, kGlobal };

struct ModelName {
  std::string id;  // as the price table has it, or a dated id that is one of its aliases
  Endpoint endpoint = Endpoint::kUnsaid;  // what the name says about where a cloud runs it

  friend bool operator==(const ModelName&, const ModelName&) = default;
};

// Takes away what doesn't change the model. A name of no known form comes back as it is.
ModelName ParseModelName(std::string_view name);

}  // namespace postern::pricing
