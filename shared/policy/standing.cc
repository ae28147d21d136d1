#include "shared/policy/standing.h"

#include <algorithm>

#include "shared/policy/hours.h"
#include "shared/policy/judge.h"
#include "shared/policy/rules_of.h"
#include "shared/policy/subjects.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

// Of Claude Code, as it comes: so that a list of tools shows what it takes away.
constexpr const char* kCommonTools[] = {"Agent",
                                        "Bash",
                                        "Edit",
                                        "Glob",
                                        "Grep",
                                        "Read",
                                        "Skill",
                                        "WebFetch",
                                        "Write",
                                        "WebSearch",
                                        "type:web_search_20250305"};

// What stands for all hosts and OS users that neither policy names, and the name that it is tried by: one
// that only patterns for everybody mean.
constexpr std::string_view kOtherHosts = "all other hosts";
constexpr std::string_view kOtherOsUsers = "all other OS users";
constexpr std::string_view kOther = "0-~other~";

void CollectFrom(const wire::Rules& rules, Universe& all) {
  for (size_t i = 0; i < kKinds; ++i) {
    const wire::Patterns& patterns = PatternsOf(rules, static_cast<Kind>(i));
    all.names[i].insert(patterns.allow().begin(), patterns.allow().end());
    all.names[i].insert(patterns.deny().begin(), patterns.deny().end());
  }
}

// A name that a pattern means, to try it by.
std::string ExampleOf(const std::string& pattern) {
  if (pattern == kOtherHosts || pattern == kOtherOsUsers) return std::string(kOther);
  std::string example = pattern;
  std::replace_if(example.begin(), example.end(), [](char c) { return c == '*' || c == '?'; }, 'x');
  return example;
}

void Append(std::string& all, const std::string& text) { all += (all.empty() ? "" : "; ") + text; }

}  // namespace

Universe UniverseOf(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                    const People& people) {
  Universe all;
  for (const wire::Policy* policy : {&before, &after})
    ForEachRules(*policy, [&all](const wire::Rules& rules) { CollectFrom(rules, all); });
  for (const CatalogueModel& model : catalogue.models) all.of(Kind::kModels).insert(model.id);
  all.of(Kind::kTools).insert(std::begin(kCommonTools), std::end(kCommonTools));
  all.of(Kind::kProviders).insert(people.providers.begin(), people.providers.end());
  all.of(Kind::kCredentials).insert(people.credentials.begin(), people.credentials.end());
  all.of(Kind::kHosts).insert(people.hosts.begin(), people.hosts.end());
  all.of(Kind::kHosts).emplace(kOtherHosts);
  all.of(Kind::kOsUsers).emplace(kOtherOsUsers);
  return all;
}

std::vector<const Level*> Assessing::LevelsOf(const Somebody& somebody) const {
  Facts facts;
  facts.team = somebody.team;
  facts.user = somebody.user;
  facts.key = somebody.key;
  const Chain chain(tables_, facts);
  return {chain.levels().begin(), chain.levels().end()};
}

Standing Assessing::Of(const Somebody& somebody) const {
  Facts facts;
  facts.team = somebody.team;
  facts.user = somebody.user;
  facts.key = somebody.key;
  const Chain chain(tables_, facts);
  Standing standing;
  for (size_t i = 0; i < kKinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    const Speakers speakers(chain, kind);
    Names& allowed = standing.lists[std::string(KeyOf(kind))];
    for (const std::string& name : all_.of(kind)) {
      if (Allows(speakers, name)) allowed.insert(name);
    }
  }
  AddTexts(chain, standing.texts);
  AddSecrets(chain, somebody, standing);
  return standing;
}

bool Assessing::Allows(const Speakers& speakers, const std::string& name) const {
  if (speakers.kind() == Kind::kTools) return AllowsTool(speakers, name);
  const std::string example = ExampleOf(name);
  if (speakers.kind() == Kind::kModels)
    return Rule(speakers, ModelSubject(tables_, {example, HashOf(example)}).subject()).allowed;
  return Rule(speakers, NamedSubject(tables_, speakers.kind(), example).subject()).allowed;
}

bool Assessing::AllowsTool(const Speakers& speakers, const std::string& pattern) const {
  constexpr std::string_view kType = "type:";
  const std::string example = ExampleOf(pattern);
  if (!pattern.starts_with(kType))
    return Rule(speakers, ToolSubject(tables_, speakers, {example, {}}).subject()).allowed;
  const Tool by_type{{}, std::string_view(example).substr(kType.size())};
  if (IsMcpToolset(by_type)) return Rule(speakers, McpServersSubject(tables_)).allowed;
  return Rule(speakers, ToolSubject(tables_, speakers, by_type).subject()).allowed;
}

void Assessing::AddTexts(const Chain& chain, std::map<std::string, std::string>& texts) const {
  AddCaps(chain, texts);
  AddTimes(chain, texts);
  texts["on_denied_tool"] =
      DeniedToolOf(chain, chain.levels().size() - 1) == wire::DENIED_TOOL_STRIP ? "strip" : "refuse";
  Names residency;
  for (const Level* level : chain.levels())
    residency.insert(level->scalars.residency().begin(), level->scalars.residency().end());
  for (const std::string& tag : residency) Append(texts["residency"], tag);
}

void Assessing::AddCaps(const Chain& chain, std::map<std::string, std::string>& texts) const {
  const auto least = [](uint64_t held, uint64_t said) {
    return said != 0 && (held == 0 || said < held) ? said : held;
  };
  const auto levels = chain.levels();
  uint64_t context = 0;
  uint64_t max_tokens = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    const wire::Rules& scalars = levels[i]->scalars;
    context = least(context, scalars.context_tokens());
    max_tokens = least(max_tokens, scalars.max_tokens());
    if (scalars.max_tokens() != 0)
      texts["on_exceed"] = MaxTokensExceededOf(chain, i) == wire::MAX_TOKENS_LOWER ? "lower" : "refuse";
  }
  if (context != 0) texts["context_tokens"] = std::to_string(context);
  if (max_tokens != 0) texts["max_tokens"] = std::to_string(max_tokens);
}

void Assessing::AddTimes(const Chain& chain, std::map<std::string, std::string>& texts) const {
  int64_t expires = 0;
  for (const Level* level : chain.levels()) {
    const wire::Rules& scalars = level->scalars;
    if (scalars.expires() != 0 && (expires == 0 || scalars.expires() < expires)) expires = scalars.expires();
    if (scalars.hours_listed())
      Append(texts["hours"], HoursText({scalars.hours().begin(), scalars.hours().end()}));
  }
  if (texts.contains("hours")) texts["hours"] += " (" + tables_.zone.name() + ")";
  if (expires == 0) return;
  const WallTime end{std::chrono::seconds(expires)};
  texts["expires"] = (end <= now_ ? "over since " : "") + Spoken(tables_.zone, end);
}

}  // namespace postern::policy
