#include "agent/gate/judgement.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace postern::gate {
namespace {

using policy::Aspect;
using policy::ToolChoice;

// JSON-escaped English and code have about four bytes a token.
constexpr size_t kBytesPerToken = 4;
// Base64 has no spaces: so long a run is a picture or a document, not text.
constexpr size_t kLongestWord = 4096;
// The documented most for a picture.
constexpr size_t kTokensPerPicture = 1600;

constexpr std::array<bool, 256> MakeBase64() {
  std::array<bool, 256> is{};
  for (int c = 0; c < 256; ++c) {
    is[static_cast<size_t>(c)] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                 c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
  }
  return is;
}

Reason ReasonOf(Aspect aspect) {
  switch (aspect) {
    case Aspect::kExpiry: return Reason::kPolicyExpiry;
    case Aspect::kHours: return Reason::kPolicyHours;
    case Aspect::kHost: return Reason::kPolicyHost;
    case Aspect::kOsUser: return Reason::kPolicyOsUser;
    case Aspect::kProvider: return Reason::kPolicyProvider;
    case Aspect::kResidency: return Reason::kPolicyResidency;
    case Aspect::kCredential: return Reason::kPolicyCredential;
    case Aspect::kModel: return Reason::kPolicyModel;
    case Aspect::kMcpServers: return Reason::kPolicyMcpServers;
    case Aspect::kTool: return Reason::kPolicyTool;
    case Aspect::kContext: return Reason::kPolicyContext;
    case Aspect::kMaxTokens: return Reason::kPolicyMaxTokens;
  }
  return Reason::kPolicyModel;
}

Refusal RefusalOf(policy::Verdict verdict) {
  return {.reason = ReasonOf(verdict.aspect),
          .sentence = std::move(verdict.sentence),
          .rule = std::string(verdict.rule),
          .policy_version = verdict.policy_version};
}

policy::Call CallOf(wire::Call call) {
  switch (call) {
    case wire::CALL_COUNT_TOKENS: return policy::Call::kCountTokens;
    case wire::CALL_MODELS: return policy::Call::kListModels;
    default: return policy::Call::kMessages;
  }
}

// A word that isn't known may force a tool.
ToolChoice ToolChoiceOf(const dialect::RequestFacts& request) {
  if (request.tool_choice.empty() || request.tool_choice == "auto" || request.tool_choice == "none")
    return ToolChoice::kFree;
  return request.tool_choice == "tool" ? ToolChoice::kNamed : ToolChoice::kAny;
}

// The policy's view of an exchange, and what it borrows from.
class Facts {
 public:
  Facts(const Grounds& grounds, const ExchangeFacts& exchange)
      : uid_(grounds.os_user ? std::to_string(*grounds.os_user) : "") {
    const dialect::RequestFacts& request = exchange.request;
    tools_.reserve(request.tools.size());
    for (const dialect::RequestTool& tool : request.tools) tools_.push_back({tool.name, tool.type});
    facts_ = {.call = CallOf(exchange.call),
              .time = grounds.now,
              .team = exchange.identity.principal.team,
              .user = exchange.identity.principal.user,
              .key = exchange.identity.key ? std::string_view(exchange.identity.key->value) : "",
              .host = grounds.host,
              .os_user = grounds.os_user_name,
              .os_user_number = uid_,
              .provider = grounds.provider,
              .residency = grounds.residency,
              .credentials = grounds.credentials,
              .model = request.model,
              .tools = tools_,
              .tool_choice = ToolChoiceOf(request),
              .forced_tool = request.forced_tool,
              .mcp_servers = request.mcp_server_count,
              .max_tokens = request.max_tokens};
  }
  Facts(const Facts&) = delete;

  void set_context_tokens(int64_t tokens) { facts_.context_tokens = tokens; }
  const policy::Facts& view() const { return facts_; }

 private:
  const std::string uid_;
  std::vector<policy::Tool> tools_;
  policy::Facts facts_;
};

}  // namespace

int64_t EstimateTokens(std::string_view body, Measure measure) {
  static constexpr std::array<bool, 256> kBase64 = MakeBase64();
  if (measure == Measure::kBytes) return static_cast<int64_t>(body.size() / kBytesPerToken);
  size_t tokens = 0;
  size_t text = 0;
  for (size_t at = 0; at < body.size();) {
    size_t end = at;
    while (end < body.size() && kBase64[static_cast<unsigned char>(body[end])]) ++end;
    if (end - at >= kLongestWord) {
      tokens += kTokensPerPicture;
    } else {
      text += end - at;
    }
    if (end < body.size()) ++text, ++end;
    at = end;
  }
  return static_cast<int64_t>(tokens + text / kBytesPerToken);
}

Judgement JudgeByPolicy(const Grounds& grounds, const ExchangeFacts& exchange, std::string_view body) {
  Facts facts(grounds, exchange);
  facts.set_context_tokens(EstimateTokens(body, Measure::kBytes));
  policy::Verdict verdict = grounds.policy.Judge(facts.view());
  if (!verdict.allowed() && verdict.aspect == Aspect::kContext) {
    facts.set_context_tokens(EstimateTokens(body, Measure::kWithoutPictures));
    verdict = grounds.policy.Judge(facts.view());
  }
  Judgement judgement;
  if (!verdict.allowed()) {
    judgement.refusal = RefusalOf(std::move(verdict));
    return judgement;
  }
  Ruling& ruling = judgement.ruling;
  ruling.policy_version = verdict.policy_version;
  ruling.rule = verdict.rule;
  for (const policy::CutTool& tool : verdict.cut_tools)
    ruling.cut_tools.push_back(static_cast<uint32_t>(tool.index));
  ruling.max_tokens = verdict.max_tokens;
  ruling.max_tokens_rule = verdict.max_tokens_rule;
  judgement.credentials = verdict.credentials;
  return judgement;
}

std::optional<Refusal> JudgeListing(const Grounds& grounds, const ExchangeFacts& exchange) {
  const Facts facts(grounds, exchange);
  policy::Verdict verdict = grounds.policy.Judge(facts.view());
  if (verdict.allowed()) return std::nullopt;
  return RefusalOf(std::move(verdict));
}

bool AllowsModel(const Grounds& grounds, const ExchangeFacts& exchange, std::string_view model) {
  const Facts facts(grounds, exchange);
  return grounds.policy.AllowsModel(facts.view(), model);
}

std::optional<Refusal> OrderEdits(const Ruling& ruling, dialect::Splice& splice) {
  splice.CutTools(ruling.cut_tools);
  if (ruling.max_tokens == 0 || splice.LowerMaxTokens(ruling.max_tokens)) return std::nullopt;
  return Refusal{
      .reason = Reason::kPolicyMaxTokens,
      .sentence =
          "Your organisation's policy (" + ruling.max_tokens_rule + ") allows answers of " +
          std::to_string(ruling.max_tokens) +
          " tokens, which leaves no room for the thinking that this request asks for. Switch thinking "
          "off (MAX_THINKING_TOKENS=0), or ask your administrator.",
      .rule = ruling.max_tokens_rule,
      .policy_version = ruling.policy_version};
}

}  // namespace postern::gate
