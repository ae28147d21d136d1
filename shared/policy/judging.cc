// All that an exchange holds, one aspect after the other.
#include <algorithm>
#include <bit>
#include <utility>

#include "shared/policy/chain.h"
#include "shared/policy/compiled.h"
#include "shared/policy/glob.h"
#include "shared/policy/judge.h"
#include "shared/policy/plain_name.h"
#include "shared/policy/refused.h"
#include "shared/policy/subjects.h"

namespace postern::policy {
namespace {

using Why = Refused::Why;

constexpr size_t kMostCredentials = 64;
constexpr std::string_view kNoModels = "organisation.models.allow";

int64_t UnixSeconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Why WhyOf(const Ruling& ruling) {
  switch (ruling.word) {
    case Word::kDenies: return Why::kDenied;
    case Word::kNarrows: return Why::kNotListed;
    default: return Why::kNotAllowed;
  }
}

// The rule that makes a kind one that the policy speaks of: for what can't be held against any.
Ruling FirstSpeaking(const Speakers& speakers) {
  if (speakers.all().empty()) return {};
  const Speaker& first = speakers.all().front();
  return {false, Word::kNarrows, &speakers.LevelOf(first), first.at,
          first.lists->listed ? first.lists->allow_rule : first.lists->deny_rule};
}

class Judging {
 public:
  Judging(const Tables& tables, const Facts& facts) : tables_(tables), facts_(facts), chain_(tables, facts) {}

  Verdict Run() {
    using Step = std::optional<Refused> (Judging::*)();
    static constexpr std::array<Step, 12> kSteps = {
        &Judging::Expiry,     &Judging::Hours,     &Judging::Host,        &Judging::OsUser,
        &Judging::Provider,   &Judging::Residency, &Judging::Credentials, &Judging::Model,
        &Judging::McpServers, &Judging::Tools,     &Judging::Context,     &Judging::MaxTokens};
    verdict_.policy_version = tables_.version;
    for (const Step step : kSteps) {
      if (const auto refused = (this->*step)()) return Refuse(*refused);
    }
    verdict_.decision = Decision::kAllow;
    return std::move(verdict_);
  }

  // Of a name that is plain.
  Ruling RuleModel(const HashedName& model) const {
    return Rule(Speakers(chain_, Kind::kModels), ModelSubject(tables_, model).subject());
  }

 private:
  std::span<const Level* const> levels() const { return chain_.levels(); }

  Verdict Refuse(const Refused& refused) const {
    Verdict verdict;
    verdict.decision = Decision::kRefuse;
    verdict.aspect = refused.aspect;
    verdict.rule = refused.rule;
    verdict.policy_version = tables_.version;
    verdict.sentence = SentenceOf(refused, chain_, tables_, facts_);
    return verdict;
  }

  std::optional<Refused> Expiry() {
    if (!chain_.Sets(Scalar::kExpires)) return std::nullopt;
    for (size_t i = 0; i < levels().size(); ++i) {
      const int64_t expires = levels()[i]->scalars.expires();
      if (expires != 0 && UnixSeconds(facts_.time) >= expires)
        return Refused{
            .aspect = Aspect::kExpiry, .why = Why::kOver, .at = i, .rule = levels()[i]->expires_rule};
    }
    return std::nullopt;
  }

  std::optional<Refused> Hours() {
    if (!chain_.Sets(Scalar::kHours)) return std::nullopt;
    const auto closed = ClosedAt(tables_, chain_, facts_.time);
    if (!closed) return std::nullopt;
    return Refused{
        .aspect = Aspect::kHours, .why = Why::kOver, .at = *closed, .rule = levels()[*closed]->hours_rule};
  }

  std::optional<Refused> Host() { return Named(Kind::kHosts, Aspect::kHost, facts_.host); }
  std::optional<Refused> OsUser() {
    return Named(Kind::kOsUsers, Aspect::kOsUser, facts_.os_user, facts_.os_user_number);
  }
  std::optional<Refused> Provider() { return Named(Kind::kProviders, Aspect::kProvider, facts_.provider); }

  // What the agent itself knows.
  std::optional<Refused> Named(Kind kind, Aspect aspect, std::string_view name, std::string_view other = {}) {
    if (!chain_.Speaks(kind)) return std::nullopt;
    return Named(Speakers(chain_, kind), aspect, name, other);
  }

  std::optional<Refused> Named(const Speakers& speakers, Aspect aspect, std::string_view name,
                               std::string_view other = {}) const {
    const NamedSubject named(tables_, speakers.kind(), name, other);
    if (!named.is_known()) return Refusal(aspect, Why::kUnknown, FirstSpeaking(speakers), {});
    const Ruling ruling = Rule(speakers, named.subject());
    if (ruling.allowed) return std::nullopt;
    return Refusal(aspect, WhyOf(ruling), ruling, name.empty() ? other : name);
  }

  static Refused Refusal(Aspect aspect, Why why, const Ruling& ruling, std::string_view subject) {
    return {.aspect = aspect, .why = why, .at = ruling.at, .rule = ruling.rule, .subject = subject};
  }

  std::optional<Refused> Residency() {
    if (!chain_.Sets(Scalar::kResidency)) return std::nullopt;
    for (size_t i = 0; i < levels().size(); ++i) {
      const auto& tags = levels()[i]->scalars.residency();
      for (int t = 0; t < tags.size(); ++t) {
        if (std::find(facts_.residency.begin(), facts_.residency.end(), tags[t]) != facts_.residency.end())
          continue;
        return Refused{.aspect = Aspect::kResidency,
                       .why = Why::kNotListed,
                       .at = i,
                       .rule = levels()[i]->residency_rules[static_cast<size_t>(t)],
                       .subject = tags[t]};
      }
    }
    return std::nullopt;
  }

  // Refused only where there was one and none remains: that there is none is not the policy's doing.
  std::optional<Refused> Credentials() {
    const size_t count = std::min(facts_.credentials.size(), kMostCredentials);
    if (!chain_.Speaks(Kind::kCredentials)) {
      verdict_.credentials = count == kMostCredentials ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
      return std::nullopt;
    }
    const Speakers speakers(chain_, Kind::kCredentials);
    std::optional<Refused> first;
    for (size_t i = 0; i < count; ++i) {
      const auto refused = Named(speakers, Aspect::kCredential, facts_.credentials[i]);
      if (!refused) verdict_.credentials |= uint64_t{1} << i;
      else if (!first) first = refused;
    }
    return verdict_.credentials != 0 ? std::nullopt : first;
  }

  std::optional<Refused> Model() {
    if (facts_.call == Call::kListModels) return std::nullopt;
    const PlainName model(facts_.model);
    if (!model.is_plain()) {
      return Refused{
          .aspect = Aspect::kModel, .why = Why::kOddName, .rule = kNoModels, .subject = facts_.model};
    }
    const Ruling ruling = RuleModel(model.written());
    verdict_.rule = ruling.rule;
    if (ruling.allowed) return std::nullopt;
    Refused refused = Refusal(Aspect::kModel, WhyOf(ruling), ruling, facts_.model);
    if (refused.rule.empty()) refused.rule = kNoModels;
    return refused;
  }

  std::optional<Refused> McpServers() {
    const bool has_any =
        facts_.mcp_servers > 0 || std::any_of(facts_.tools.begin(), facts_.tools.end(), IsMcpToolset);
    if (!has_any || !chain_.Speaks(Kind::kTools)) return std::nullopt;
    const Ruling ruling = Rule(Speakers(chain_, Kind::kTools), McpServersSubject(tables_));
    if (ruling.allowed) return std::nullopt;
    return Refusal(Aspect::kMcpServers, WhyOf(ruling), ruling, {});
  }

  std::optional<Refused> Tools() {
    if (!chain_.Speaks(Kind::kTools) || facts_.call == Call::kListModels) return std::nullopt;
    const Speakers speakers(chain_, Kind::kTools);
    std::optional<Ruling> cut;
    for (size_t i = 0; i < facts_.tools.size(); ++i) {
      const Tool& tool = facts_.tools[i];
      if (IsMcpToolset(tool) || IsAllowedByAll(speakers, tool)) continue;
      const auto [ruling, why] = RuleTool(speakers, tool);
      if (ruling.allowed) continue;
      const Refused refused = RefusedTool(tool, ruling, why);
      if (refused.why == Why::kForced || DeniedToolOf(chain_, refused.at) != wire::DENIED_TOOL_STRIP)
        return refused;
      if (!cut) cut = ruling;
      verdict_.cut_tools.push_back({i, refused.rule});
    }
    return ForcedTool(speakers, cut);
  }

  // Of a tool that the client runs: what RuleTool would say, in short. False only means that it has to be
  // asked.
  bool IsAllowedByAll(const Speakers& speakers, const Tool& tool) const {
    if (!tool.type.empty()) return false;
    const PlainName name(tool.name);
    const Lexicon& names = tables_.lexicon(Kind::kTools);
    return name.is_plain() && speakers.DenyNothingOf(name.folded(), names) &&
           (!speakers.lists() || speakers.AllList(names.Look(name.written())));
  }

  // A tool of a request that isn't allowed.
  Refused RefusedTool(const Tool& tool, const Ruling& ruling, Why why) const {
    const std::string_view name = tool.name.empty() ? tool.type : tool.name;
    const bool is_forced = facts_.tool_choice == ToolChoice::kNamed && tool.name == facts_.forced_tool;
    return Refusal(Aspect::kTool, is_forced ? Why::kForced : why, ruling, name);
  }

  std::pair<Ruling, Why> RuleTool(const Speakers& speakers, const Tool& tool) const {
    const ToolSubject subject(tables_, speakers, tool);
    if (!subject.is_plain()) return {FirstSpeaking(speakers), Why::kOddName};
    const Ruling ruling = Rule(speakers, subject.subject());
    return {ruling, WhyOf(ruling)};
  }

  // What the request insists on must be left: by name, though it isn't among its tools, or any tool at all.
  // `cut` is the first that was cut.
  std::optional<Refused> ForcedTool(const Speakers& speakers, const std::optional<Ruling>& cut) const {
    if (facts_.tool_choice == ToolChoice::kNamed) {
      const bool is_brought = std::any_of(facts_.tools.begin(), facts_.tools.end(), [this](const Tool& tool) {
        return tool.name == facts_.forced_tool;
      });
      if (is_brought) return std::nullopt;
      const Ruling ruling = RuleTool(speakers, {facts_.forced_tool, {}}).first;
      if (ruling.allowed) return std::nullopt;
      return Refusal(Aspect::kTool, Why::kForced, ruling, facts_.forced_tool);
    }
    const bool all_cut = !verdict_.cut_tools.empty() && verdict_.cut_tools.size() == facts_.tools.size();
    if (facts_.tool_choice != ToolChoice::kAny || !all_cut) return std::nullopt;
    return Refusal(Aspect::kTool, Why::kForced, *cut, {});
  }

  std::optional<Refused> Context() {
    if (facts_.call != Call::kMessages || !chain_.Sets(Scalar::kContextTokens)) return std::nullopt;
    std::optional<Refused> refused;
    const auto tokens = static_cast<uint64_t>(std::max<int64_t>(0, facts_.context_tokens));
    for (size_t i = 0; i < levels().size(); ++i) {
      const uint64_t cap = levels()[i]->scalars.context_tokens();
      if (cap == 0 || tokens <= cap || (refused && refused->cap <= cap)) continue;
      refused = Refused{.aspect = Aspect::kContext,
                        .why = Why::kOver,
                        .at = i,
                        .rule = levels()[i]->context_rule,
                        .cap = cap};
    }
    return refused;
  }

  // The lowest cap counts; one that refuses where it is exceeded does so, though a lower one would lower.
  std::optional<Refused> MaxTokens() {
    if (facts_.call != Call::kMessages || !facts_.max_tokens || !chain_.Sets(Scalar::kMaxTokens))
      return std::nullopt;
    const auto asked = static_cast<uint64_t>(std::max<int64_t>(0, *facts_.max_tokens));
    for (size_t i = 0; i < levels().size(); ++i) {
      const uint64_t cap = levels()[i]->scalars.max_tokens();
      if (cap == 0 || asked <= cap) continue;
      if (MaxTokensExceededOf(chain_, i) != wire::MAX_TOKENS_LOWER)
        return Refused{.aspect = Aspect::kMaxTokens,
                       .why = Why::kOver,
                       .at = i,
                       .rule = levels()[i]->max_tokens_rule,
                       .cap = cap};
      if (verdict_.max_tokens != 0 && static_cast<uint64_t>(verdict_.max_tokens) <= cap) continue;
      verdict_.max_tokens = static_cast<int64_t>(cap);
      verdict_.max_tokens_rule = levels()[i]->max_tokens_rule;
    }
    return std::nullopt;
  }

  const Tables& tables_;
  const Facts& facts_;
  const Chain chain_;
  Verdict verdict_;
};

}  // namespace

Verdict Compiled::Judge(const Facts& facts) const { return Judging(*tables_, facts).Run(); }

bool Compiled::AllowsModel(const Facts& facts, std::string_view model) const {
  return IsPlainName(model) && Judging(*tables_, facts).RuleModel({model, HashOf(model)}).allowed;
}

}  // namespace postern::policy
