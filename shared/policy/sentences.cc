#include <algorithm>

#include "shared/policy/message.h"
#include "shared/policy/refused.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

constexpr size_t kShown = 80;

// What a client wrote, fit for a sentence.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown + (text.size() > kShown ? "…" : "");
}

std::string Whose(const Level& level) {
  switch (level.kind) {
    case LevelKind::kOrganisation: return "your organisation's policy";
    case LevelKind::kTeam: return "the policy of team " + level.id;
    case LevelKind::kGroup: return "the policy of the group " + level.id;
    case LevelKind::kUser: return "the policy for you";
    case LevelKind::kKey: return "the policy for this key";
  }
  return "the policy";
}

// "Ask #ai-platform." of the nearest level that has something to say, the one that decided first.
std::string MessageOf(const Chain& chain, size_t at) {
  const auto levels = chain.levels();
  for (size_t i = at + 1; i-- > 0;) {
    const bool is_other_group = i != at && levels[i]->kind == LevelKind::kGroup;
    const std::string& message = levels[i]->scalars.message();
    if (is_other_group || message.empty()) continue;
    return BehindSentence(message);
  }
  return " Ask your administrator.";
}

const char* ThingOf(Aspect aspect) {
  switch (aspect) {
    case Aspect::kHost: return "host";
    case Aspect::kOsUser: return "user account";
    case Aspect::kProvider: return "provider";
    case Aspect::kCredential: return "provider credential";
    case Aspect::kTool: return "tool";
    default: return "model";
  }
}

// "The model claude-opus-5-5 is not allowed: the policy of team ml denies it".
std::string ListSentence(const Refused& refused, const std::string& whose) {
  const std::string thing = ThingOf(refused.aspect);
  const std::string what = "The " + thing + " " + Shown(refused.subject) + " is not allowed: ";
  switch (refused.why) {
    case Refused::Why::kDenied: return what + whose + " denies it";
    case Refused::Why::kNotListed: return what + "it is not among those that " + whose + " allows";
    case Refused::Why::kUnknown:
      return "This host's gate can't tell which " + thing + " this is, and " + whose + " speaks of it";
    case Refused::Why::kOddName:
      return what + "its name has characters that no name has, and " + whose + " speaks of names";
    default: return what + "nothing in " + whose + " allows it";
  }
}

std::string ToolSentence(const Refused& refused, const std::string& whose) {
  if (refused.why != Refused::Why::kForced) return ListSentence(refused, whose);
  if (refused.subject.empty()) {
    return "This request must use a tool, and " + whose + " leaves none of those it brings";
  }
  return "This request must use the tool " + Shown(refused.subject) + ", which " + whose + " doesn't allow";
}

std::string HoursSentence(const Chain& chain, const Tables& tables, const Facts& facts,
                          const std::string& whose) {
  if (!MinuteOfWeek(tables.zone, facts.time))
    return "The policy is too old to know the time in " + tables.zone.name() + ", so that " + whose +
           " allows no hours any more; it has to be applied again";
  const auto next = NextOpening(tables, chain, facts.time);
  return "Outside of the hours that " + whose + " allows" +
         (next ? "; they begin again on " + Spoken(tables.zone, *next)
               : "; there are none in the next two weeks");
}

std::string FirstPart(const Refused& refused, const Chain& chain, const Tables& tables, const Facts& facts) {
  const Level& level = *chain.levels()[refused.at];
  const std::string whose = Whose(level);
  const std::string cap = std::to_string(refused.cap);
  switch (refused.aspect) {
    case Aspect::kExpiry:
      return "Access has ended: " + whose + " allowed it until " +
             Spoken(tables.zone, WallTime(std::chrono::seconds(level.scalars.expires())));
    case Aspect::kHours: return HoursSentence(chain, tables, facts, whose);
    case Aspect::kResidency:
      return "The provider " + Shown(facts.provider) + " is not allowed: " + whose + " wants one in " +
             Shown(refused.subject) + ", and this host's isn't said to be there";
    case Aspect::kMcpServers:
      return "This request asks the provider to connect to MCP servers, where nobody here sees which tools "
             "are used, "
             "and " +
             whose + " doesn't allow that";
    case Aspect::kContext:
      return "prompt is too long: " + std::to_string(facts.context_tokens) + " tokens > " + cap +
             " maximum of " + whose;
    case Aspect::kMaxTokens:
      return "max_tokens " + std::to_string(facts.max_tokens.value_or(0)) + " is more than the " + cap +
             " that " + whose + " allows";
    case Aspect::kTool: return ToolSentence(refused, whose);
    default: return ListSentence(refused, whose);
  }
}

}  // namespace

std::string SentenceOf(const Refused& refused, const Chain& chain, const Tables& tables, const Facts& facts) {
  std::string sentence = FirstPart(refused, chain, tables, facts);
  sentence += " (rule " + std::string(refused.rule) + ").";
  return sentence + MessageOf(chain, refused.at);
}

}  // namespace postern::policy
