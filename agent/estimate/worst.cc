#include "agent/estimate/worst.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace postern::estimate {
namespace {

using limits::Unit;

// The vision guide's most for a picture (models that take 2,576 pixels), the PDF guide's for a page's text,
// and for the pages of one request.
constexpr int64_t kTokensPerPicture = 4'784;
constexpr int64_t kTokensPerPage = 3'000 + kTokensPerPicture;
constexpr int64_t kPages = 600;
// The provider puts words of its own before the tools (documented: at most 735), and in front of each that it
// describes itself (at most 735 as well); rounded up.
constexpr int64_t kTokensForTools = 1'024;
constexpr int64_t kTokensPerTypedTool = 1'024;
// Of one search's results, where the policy doesn't say.
constexpr int64_t kTokensPerSearch = 20'000;
// One that no price list names is billed like the dearest that is listed.
constexpr std::string_view kAnyPlace = "any";

Error Unbounded(std::string what) {
  return {ErrorCode::kDenied,
          "A limit of your organisation is strict, and what " + std::move(what) + " may cost has no bound"};
}

// Bounds of which the compiler sees that they don't overflow: bodies are at most 2^32 bytes, lists 2^32 long.
int64_t PromptBound(const Question& question, const Extras& extras, const Caps& caps) {
  const dialect::RequestWeight& weight = question.weight;
  int64_t tokens = static_cast<int64_t>(weight.text_bytes);
  tokens += int64_t{weight.pictures} * kTokensPerPicture;
  if (weight.documents > 0) tokens += kPages * kTokensPerPage;
  tokens += int64_t{weight.fetched} * static_cast<int64_t>(std::min<uint64_t>(caps.file_tokens, 1U << 30U));
  if (extras.client_tools + extras.provider_typed + extras.searches > 0) tokens += kTokensForTools;
  tokens += int64_t{extras.provider_typed} * kTokensPerTypedTool;
  return tokens;
}

// Each class alone: the dearest of them bounds every mixture.
pricing::Usage AllIn(int64_t pricing::Usage::* input_class, int64_t prompt, const pricing::Usage& rest) {
  pricing::Usage usage = rest;
  usage.*input_class = prompt;
  return usage;
}

Result<Amount> Dearest(const Question& question, int64_t prompt, const pricing::Usage& rest,
                       const Prices& prices) {
  pricing::Place place = question.place;
  if (place.inference_geo.empty()) place.inference_geo = kAnyPlace;
  Amount dearest;
  for (const auto input_class : {&pricing::Usage::input, &pricing::Usage::cache_write_5m,
                                 &pricing::Usage::cache_write_1h, &pricing::Usage::cache_read}) {
    ASSIGN_OR_RETURN(
        const pricing::Cost cost,
        prices.table.Price(question.model, AllIn(input_class, prompt, rest), prices.when, place));
    dearest = std::max(dearest, cost.nano_dollars);
  }
  return dearest;
}

// A shorter prompt may fall into a band that is dearer: each band's longest prompt is looked at too.
std::vector<int64_t> PromptsWorthPricing(const Question& question, int64_t bound, const Prices& prices) {
  std::vector<int64_t> prompts = {bound};
  for (const pricing::ModelPrices& model : prices.table.models()) {
    if (model.id != question.id) continue;
    for (const pricing::PriceEntry& entry : model.entries) {
      for (const pricing::Band& band : entry.bands) {
        if (band.most_prompt > 0 && band.most_prompt < bound) prompts.push_back(band.most_prompt);
      }
    }
  }
  return prompts;
}

Status CheckBounded(const Question& question, const Extras& extras, const Caps& caps) {
  if (extras.other_server_tools > 0) return Unbounded("the provider's own tools in this request");
  if (extras.mcp_servers > 0) return Unbounded("the MCP servers that the provider would call");
  if (extras.searches > 0 && caps.web_searches == 0) return Unbounded("a web search");
  if (question.weight.fetched > 0 && caps.file_tokens == 0)
    return Unbounded("a file that the provider fetches by its id or URL");
  if (question.weight.compacts) return Unbounded("the shortening of the conversation by the provider");
  if (!question.max_tokens) return Unbounded("an answer without max_tokens");
  return Ok{};
}

}  // namespace

Extras ExtrasOf(const dialect::RequestFacts& request) {
  Extras extras;
  extras.mcp_servers = request.mcp_server_count;
  for (const dialect::RequestTool& tool : request.tools) {
    if (tool.RunsAtProvider()) {
      ++(tool.type.starts_with("web_search_") ? extras.searches : extras.other_server_tools);
    } else {
      ++(tool.type.empty() || tool.type == "custom" ? extras.client_tools : extras.provider_typed);
    }
  }
  return extras;
}

Result<limits::Amounts> EstimateWorst(const Question& question, const Extras& extras, const Caps& caps,
                                      const Prices& prices) {
  RETURN_IF_ERROR(CheckBounded(question, extras, caps));
  int64_t prompt = PromptBound(question, extras, caps);
  pricing::Usage rest;
  rest.output = std::max<int64_t>(*question.max_tokens, 0);
  if (extras.searches > 0) {
    // Each search lets the model read everything again, with what the searches before it have brought.
    const int64_t searches = std::min<int64_t>(caps.web_searches, 1'000);
    const int64_t brought = caps.file_tokens > 0
                                ? static_cast<int64_t>(std::min<uint64_t>(caps.file_tokens, 1U << 30U))
                                : kTokensPerSearch;
    prompt = (searches + 1) * (prompt + rest.output) + searches * (searches + 1) / 2 * brought;
    rest.web_searches = searches;
  }
  Amount dearest;
  for (const int64_t length : PromptsWorthPricing(question, prompt, prices)) {
    ASSIGN_OR_RETURN(const Amount cost, Dearest(question, length, rest, prices));
    dearest = std::max(dearest, cost);
  }
  limits::Amounts amounts;
  amounts[Unit::kUsd] = dearest;
  amounts[Unit::kTokens] = Amount::SaturatingAdd(Amount(prompt), Amount(rest.output));
  amounts[Unit::kRequests] = Amount(1);
  amounts[Unit::kConcurrent] = Amount(1);
  return amounts;
}

}  // namespace postern::estimate
