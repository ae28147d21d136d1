// The gate's fourth step, where there is a policy: what it says of an exchange, as a refusal or as what has
// to be done to the request. Pure; fails closed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "agent/dialect/splice.h"
#include "agent/gate/exchange_events.h"
#include "agent/gate/refusal.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/policy/compiled.h"

namespace postern::gate {

// What an exchange is judged by besides itself. All of it is borrowed for the call.
struct Grounds {
  const policy::Compiled& policy;
  WallTime now{};
  std::string_view host{};
  std::optional<uid_t> os_user{};
  std::string_view os_user_name{};
  std::string_view provider{};
  std::span<const std::string> residency{};    // of the provider
  std::span<const std::string> credentials{};  // names of those that may be used, the preferred one first
};

struct Judgement {
  std::optional<Refusal> refusal{};
  Ruling ruling{};           // of what is let through
  uint64_t credentials = 0;  // bit i: Grounds::credentials[i] may be used
};

// `body`: the request's. A request that is too long by a rough measure is measured again, less roughly,
// before it is refused.
Judgement JudgeByPolicy(const Grounds& grounds, const ExchangeFacts& facts, std::string_view body);

// For GET /v1/models: whether anything may be asked, and then which models.
std::optional<Refusal> JudgeListing(const Grounds& grounds, const ExchangeFacts& facts);
bool AllowsModel(const Grounds& grounds, const ExchangeFacts& facts, std::string_view model);

// Tells the splice what the ruling orders. A refusal where the request can't be made to fit.
std::optional<Refusal> OrderEdits(const Ruling& ruling, dialect::Splice& splice);

// How many tokens a body of a request may be, from its bytes. With `kWithoutPictures` long runs of base64
// count as what a picture may be at most: without, the answer is quick and rather too high.
enum class Measure { kBytes, kWithoutPictures };
int64_t EstimateTokens(std::string_view body, Measure measure);

}  // namespace postern::gate
