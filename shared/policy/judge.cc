#include "shared/policy/judge.h"

#include <algorithm>

#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

uint32_t FirstFit(const PatternList& list, std::span<const Term> terms) {
  uint32_t first = kNowhere;
  for (const Term& term : terms) first = std::min(first, list.Find(term));
  return first;
}

bool MeetsAny(const Reach& reach, std::span<const Term> terms) {
  return std::any_of(terms.begin(), terms.end(), [&reach](const Term& term) { return reach.Meets(term); });
}

// Nothing that any of them says can be about it: most tools of most requests.
bool AllAreSilent(const Speakers& speakers, const Subject& subject) {
  return !speakers.lists() && !subject.is_mcp_server && !MeetsAny(speakers.denied(), subject.denying) &&
         !MeetsAny(speakers.denied_types(), subject.denying_types);
}

// What a level has said that may decide.
struct Heard {
  bool allowed = false;
  const Speaker* speaker = nullptr;  // none: nobody has
  Said said{};
};

Ruling RulingOf(const Speakers& speakers, const Heard& heard) {
  Ruling ruling;
  ruling.allowed = heard.allowed;
  if (heard.speaker == nullptr) return ruling;
  ruling.word = heard.said.word;
  ruling.level = &speakers.LevelOf(*heard.speaker);
  ruling.at = heard.speaker->at;
  ruling.rule = heard.said.rule;
  return ruling;
}

// Of what a group says of how to deny, the stricter counts; of single levels the nearest.
template <class How>
How HowOf(const Chain& chain, size_t at, How by_default, How strict, How (*said)(const Level&)) {
  const auto levels = chain.levels();
  const How own = said(*levels[at]);
  if (own != How{}) return own == by_default ? by_default : strict;
  How how = by_default;
  for (size_t begin = 0; begin < at;) {
    const size_t end = chain.EndOfTier(begin);
    if (at < end) break;  // other groups
    bool is_strict = false;
    bool is_lenient = false;
    for (size_t i = begin; i < end; ++i) {
      const How word = said(*levels[i]);
      if (word == How{}) continue;
      (word == by_default ? is_lenient : is_strict) = true;
    }
    if (is_strict) how = strict;
    else if (is_lenient) how = by_default;
    begin = end;
  }
  return how;
}

bool IsOpen(const Level& level, uint32_t minute) {
  if (!level.scalars.hours_listed()) return true;
  const auto& hours = level.scalars.hours();
  return std::any_of(hours.begin(), hours.end(), [minute](const wire::Hours& stretch) {
    return minute >= stretch.begin() && minute < stretch.end();
  });
}

// Minutes of the clock until one of the level's stretches begins; none has none.
uint32_t MinutesToOpening(const Level& level, uint32_t minute) {
  uint32_t least = kMinutesOfWeek;
  for (const wire::Hours& stretch : level.scalars.hours())
    least = std::min(least, (stretch.begin() + kMinutesOfWeek - minute) % kMinutesOfWeek);
  return std::max<uint32_t>(1, least);
}

}  // namespace

Said Ask(const Lists& lists, const Subject& subject) {
  uint32_t denied =
      std::min(FirstFit(lists.deny, subject.denying), FirstFit(lists.deny_types, subject.denying_types));
  if (subject.is_mcp_server) denied = std::min(denied, lists.denies_mcp);
  if (denied != kNowhere) return {Word::kDenies, lists.deny_rules[denied]};
  if (!lists.listed) return {};
  const uint32_t allowed =
      std::min(FirstFit(lists.allow, subject.allowing), FirstFit(lists.allow_types, subject.allowing_types));
  if (allowed == kNowhere) return {Word::kNarrows, lists.allow_rule};
  return {Word::kAllows, lists.allow_rules[allowed]};
}

Ruling Rule(const Speakers& speakers, const Subject& subject, std::span<Said> words) {
  Heard decided{.allowed = speakers.kind() != Kind::kModels};
  if (AllAreSilent(speakers, subject)) return RulingOf(speakers, decided);
  const auto all = speakers.all();
  Heard denied;
  for (size_t next = 0; next < all.size();) {
    const uint32_t tier = all[next].tier;
    // The organisation's lists are what the others start from.
    const bool adds = tier > 0 && !decided.allowed;
    Heard allows, narrows;
    for (; next < all.size() && all[next].tier == tier; ++next) {
      const Speaker& speaker = all[next];
      Said said = Ask(*speaker.lists, subject);
      if (said.word == Word::kAllows && adds && speaker.may_widen) said.word = Word::kWidens;
      if (!words.empty()) words[speaker.at] = said;
      if (said.word == Word::kNarrows) narrows = {false, &speaker, said};
      else if (said.word == Word::kWidens || (said.word == Word::kAllows && !adds))
        allows = {true, &speaker, said};
      else if (said.word == Word::kDenies && denied.speaker == nullptr) denied = {false, &speaker, said};
    }
    if (denied.speaker != nullptr && words.empty()) break;
    if (narrows.speaker != nullptr) decided = narrows;
    else if (allows.speaker != nullptr) decided = allows;
  }
  return RulingOf(speakers, denied.speaker != nullptr ? denied : decided);
}

wire::DeniedTool DeniedToolOf(const Chain& chain, size_t at) {
  return HowOf<wire::DeniedTool>(chain, at, wire::DENIED_TOOL_STRIP, wire::DENIED_TOOL_REFUSE,
                                 [](const Level& level) { return level.scalars.on_denied_tool(); });
}

wire::MaxTokensExceeded MaxTokensExceededOf(const Chain& chain, size_t at) {
  return HowOf<wire::MaxTokensExceeded>(chain, at, wire::MAX_TOKENS_LOWER, wire::MAX_TOKENS_REFUSE,
                                        [](const Level& level) { return level.scalars.on_max_tokens(); });
}

bool IsOpen(const Tables& tables, const Level& level, WallTime time) {
  if (!level.scalars.hours_listed()) return true;
  const auto minute = MinuteOfWeek(tables.zone, time);
  return minute && IsOpen(level, *minute);
}

std::optional<size_t> ClosedAt(const Tables& tables, const Chain& chain, WallTime time) {
  const auto levels = chain.levels();
  std::optional<uint32_t> minute;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (!levels[i]->scalars.hours_listed()) continue;
    if (!minute) minute = MinuteOfWeek(tables.zone, time);
    if (!minute || !IsOpen(*levels[i], *minute)) return i;
  }
  return std::nullopt;
}

std::optional<WallTime> NextOpening(const Tables& tables, const Chain& chain, WallTime time) {
  using std::chrono::minutes;
  WallTime at = std::chrono::floor<minutes>(time);
  const WallTime end = at + std::chrono::days(14);
  // Each step goes to the first time at which the level that is closed may open. Where the zone changes on
  // the way, the clock is an hour or so off the sum of minutes: then step by quarters of an hour.
  while (at < end) {
    const auto closed = ClosedAt(tables, chain, at);
    if (!closed) return at;
    const auto minute = MinuteOfWeek(tables.zone, at);
    if (!minute) return std::nullopt;
    const uint32_t ahead = MinutesToOpening(*chain.levels()[*closed], *minute);
    const auto there = MinuteOfWeek(tables.zone, at + minutes(ahead));
    const bool is_straight = there && *there == (*minute + ahead) % kMinutesOfWeek;
    at += minutes(is_straight ? ahead : std::min<uint32_t>(ahead, 15 - *minute % 15));
  }
  return std::nullopt;
}

bool RunsAtProvider(std::string_view type) {
  if (type.empty() || type == "custom") return false;
  static constexpr std::array<std::string_view, 4> kRunByClient = {"bash_", "text_editor_", "computer_",
                                                                   "memory_"};
  return std::none_of(kRunByClient.begin(), kRunByClient.end(),
                      [type](std::string_view prefix) { return type.starts_with(prefix); });
}

bool IsMcpToolset(const Tool& tool) {
  constexpr std::string_view kToolset = "mcp_toolset";
  return tool.type.size() >= kToolset.size() &&
         std::equal(kToolset.begin(), kToolset.end(), tool.type.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
}

}  // namespace postern::policy
