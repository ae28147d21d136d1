#include "tests/shared/policy/evaluator.h"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <functional>
#include <optional>
#include <set>

#include "shared/pricing/model_name.h"

namespace postern::policy {
namespace {

using Names = std::set<std::string>;

std::string Small(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool Fits(const std::string& pattern, const std::string& name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*')
    return Fits(pattern.substr(1), name) || (!name.empty() && Fits(pattern, name.substr(1)));
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         Fits(pattern.substr(1), name.substr(1));
}

bool FitsAny(const std::string& pattern, const Names& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return Fits(pattern, name); });
}

std::string Undated(const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos) return name;
  const std::string last = name.substr(dash + 1);
  const bool is_date = last.size() == 8 && last.find_first_not_of("0123456789") == std::string::npos;
  return is_date ? name.substr(0, dash) : name;
}

std::string UndatedToDeny(const std::string& name) {
  for (const std::string suffix : {"-latest", "-0"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return Undated(name);
}

Names FormsToDeny(const std::string& name) {
  const std::string parsed = pricing::ParseModelName(Small(name)).id;
  return {Small(name), parsed, UndatedToDeny(parsed)};
}

Names AllNames(const CatalogueModel& model) {
  Names names = FormsToDeny(model.id);
  for (const std::string& alias : model.aliases) names.merge(FormsToDeny(alias));
  return names;
}

struct Level {
  std::string name;
  const wire::Rules* rules;
};

using Tier = std::vector<Level>;

std::vector<Tier> TiersOf(const wire::Policy& policy, const Facts& facts) {
  std::vector<Tier> tiers = {{{"organisation", &policy.defaults()}}};
  std::vector<Tier> teams;
  std::string at(facts.team);
  while (!at.empty()) {
    std::string parent;
    for (const wire::PolicyTeam& team : policy.teams()) {
      if (team.id() != at) continue;
      teams.insert(teams.begin(), Tier{{"teams." + at, &team.rules()}});
      parent = team.parent();
    }
    at = parent;
  }
  tiers.insert(tiers.end(), teams.begin(), teams.end());
  Tier groups;
  for (const wire::PolicyGroup& group : policy.groups()) {
    const auto& users = group.users();
    if (!facts.user.empty() && std::find(users.begin(), users.end(), facts.user) != users.end())
      groups.push_back({"groups." + group.id(), &group.rules()});
  }
  if (!groups.empty()) tiers.push_back(groups);
  for (const wire::PolicyUser& user : policy.users()) {
    if (user.id() == facts.user) tiers.push_back({{"users." + user.id(), &user.rules()}});
  }
  for (const wire::PolicyKey& key : policy.keys()) {
    if (key.id() == facts.key) tiers.push_back({{"keys." + key.id(), &key.rules()}});
  }
  return tiers;
}

struct Answer {
  bool allowed = true;
  std::string rule;
  size_t tier = 0, level = 0;
  bool nothing_said = true;
};

// One kind of list, asked about one thing.
struct Question {
  std::string key;
  const wire::Patterns& (wire::Rules::*patterns)() const;
  std::function<bool(const std::string&)> allows, denies;
  bool open = true;  // where no level lists
};

class Evaluation {
 public:
  Evaluation(const wire::Policy& policy, const Catalogue& catalogue, const Facts& facts)
      : catalogue_(catalogue), facts_(facts), tiers_(TiersOf(policy, facts)) {}

  PlainVerdict Run() {
    if (Scalars() || !Named("hosts", "host", &wire::Rules::hosts, {facts_.host}, true) ||
        !Named("os_users", "os_user", &wire::Rules::os_users, {facts_.os_user, facts_.os_user_number},
               false) ||
        !Named("providers", "provider", &wire::Rules::providers, {facts_.provider}, false) || Residency() ||
        !Credentials() || !Model() || !McpServers() || !Tools() || !Caps()) {
      verdict_.cut_tools.clear();
      verdict_.credentials = 0;
      verdict_.max_tokens = 0;
      return verdict_;
    }
    verdict_.allowed = true;
    verdict_.rule = model_rule_;
    return verdict_;
  }

 private:
  bool Refuse(const std::string& aspect, const std::string& rule) {
    verdict_.aspect = aspect;
    verdict_.rule = rule;
    return false;
  }

  template <class F>
  void EachLevel(const F& f) const {
    for (size_t t = 0; t < tiers_.size(); ++t) {
      for (size_t l = 0; l < tiers_[t].size(); ++l) f(tiers_[t][l], t, l);
    }
  }

  // True where it refuses.
  bool Scalars() {
    const auto now = std::chrono::floor<std::chrono::seconds>(facts_.time).time_since_epoch().count();
    std::optional<std::string> over;
    EachLevel([&](const Level& level, size_t, size_t) {
      if (!over && level.rules->expires() != 0 && now >= level.rules->expires())
        over = level.name + ".expires";
    });
    if (over) return !Refuse("expiry", *over);
    const std::time_t time = now;
    std::tm clock{};
    localtime_r(&time, &clock);
    const auto minute =
        static_cast<uint32_t>(((clock.tm_wday + 6) % 7) * 1440 + clock.tm_hour * 60 + clock.tm_min);
    std::optional<std::string> closed;
    EachLevel([&](const Level& level, size_t, size_t) {
      if (closed || !level.rules->hours_listed()) return;
      bool open = false;
      for (const wire::Hours& hours : level.rules->hours())
        open |= hours.begin() <= minute && minute < hours.end();
      if (!open) closed = level.name + ".hours";
    });
    return closed && !Refuse("hours", *closed);
  }

  bool Residency() {
    std::optional<std::string> missing;
    EachLevel([&](const Level& level, size_t, size_t) {
      for (int i = 0; i < level.rules->residency_size() && !missing; ++i) {
        const auto& has = facts_.residency;
        if (std::count(has.begin(), has.end(), level.rules->residency(i)) == 0)
          missing = level.name + ".residency[" + std::to_string(i) + "]";
      }
    });
    return missing && !Refuse("residency", *missing);
  }

  bool MayWidenAbove(const std::string& key, size_t tier) const {
    bool may = false;
    EachLevel([&](const Level& level, size_t t, size_t) {
      const auto& widens = level.rules->may_widen();
      may |= t < tier && std::count(widens.begin(), widens.end(), key) > 0;
    });
    return may;
  }

  // What tiers 0 … `tier` come to, denials apart.
  Answer AllowedUpTo(const Question& question, size_t tier) const {
    std::optional<Answer> lacking, having;
    for (size_t l = 0; l < tiers_[tier].size(); ++l) {
      const Level& level = tiers_[tier][l];
      const wire::Patterns& patterns = (level.rules->*question.patterns)();
      if (!patterns.allows_listed() && patterns.allow_size() == 0) continue;
      const std::string list = level.name + "." + question.key + ".allow";
      std::optional<int> fit;
      for (int i = patterns.allow_size() - 1; i >= 0; --i) {
        if (question.allows(patterns.allow(i))) fit = i;
      }
      if (fit) having = Answer{true, list + "[" + std::to_string(*fit) + "]", tier, l, false};
      else lacking = Answer{false, list, tier, l, false};
    }
    if (lacking) return *lacking;
    const Answer above = tier == 0 ? Answer{question.open, "", 0, 0, true} : AllowedUpTo(question, tier - 1);
    if (!having) return above;
    return tier == 0 || above.allowed || MayWidenAbove(question.key, tier) ? *having : above;
  }

  Answer Ask(const Question& question) const {
    std::optional<Answer> denied;
    EachLevel([&](const Level& level, size_t t, size_t l) {
      const wire::Patterns& patterns = (level.rules->*question.patterns)();
      for (int i = 0; i < patterns.deny_size() && !denied; ++i) {
        if (question.denies(patterns.deny(i)))
          denied = Answer{false, level.name + "." + question.key + ".deny[" + std::to_string(i) + "]", t, l,
                          false};
      }
    });
    return denied ? *denied : AllowedUpTo(question, tiers_.size() - 1);
  }

  bool IsSpokenOf(const wire::Patterns& (wire::Rules::*patterns)() const, const std::string& key,
                  Answer& first) const {
    bool spoken = false;
    EachLevel([&](const Level& level, size_t t, size_t l) {
      const wire::Patterns& said = (level.rules->*patterns)();
      const bool listed = said.allows_listed() || said.allow_size() > 0;
      if (spoken || (!listed && said.deny_size() == 0)) return;
      spoken = true;
      first = {false, level.name + "." + key + (listed ? ".allow" : ".deny"), t, l, false};
    });
    return spoken;
  }

  static bool IsOdd(std::string_view name) {
    return name.empty() || name.size() > 256 || std::any_of(name.begin(), name.end(), [](char c) {
             return c <= ' ' || c > '~' || c == '*' || c == '?';
           });
  }

  bool Named(const std::string& key, const std::string& aspect,
             const wire::Patterns& (wire::Rules::*patterns)() const,
             const std::vector<std::string_view>& given, bool small) {
    Answer first;
    if (!IsSpokenOf(patterns, key, first)) return true;
    Names names;
    bool odd = false;
    for (const std::string_view name : given) {
      if (name.empty()) continue;
      odd |= IsOdd(name);
      names.emplace(name);
    }
    if (odd || names.empty()) return Refuse(aspect, first.rule);
    Names folded;
    for (const std::string& name : names) folded.insert(Small(name));
    const Answer answer =
        Ask({key, patterns,
             [&](const std::string& p) { return small ? FitsAny(Small(p), folded) : FitsAny(p, names); },
             [&](const std::string& p) { return FitsAny(Small(p), folded); }});
    return answer.allowed || Refuse(aspect, answer.rule);
  }

  bool Credentials() {
    std::optional<std::string> first;
    for (size_t i = 0; i < std::min<size_t>(64, facts_.credentials.size()); ++i) {
      if (Named("credentials", "credential", &wire::Rules::credentials, {facts_.credentials[i]}, false))
        verdict_.credentials |= uint64_t{1} << i;
      else if (!first) first = verdict_.rule;
    }
    return verdict_.credentials != 0 || !first || Refuse("credential", *first);
  }

  bool Model() {
    verdict_.aspect.clear();
    verdict_.rule.clear();
    if (facts_.call == Call::kListModels) return true;
    const std::string asked(facts_.model);
    if (IsOdd(asked)) return Refuse("model", "organisation.models.allow");
    Names to_allow = {asked, pricing::ParseModelName(asked).id, Undated(pricing::ParseModelName(asked).id)};
    Names to_deny = FormsToDeny(asked);
    for (const CatalogueModel& model : catalogue_.models) {
      Names exact(model.aliases.begin(), model.aliases.end());
      exact.insert(model.id);
      const std::string parsed = pricing::ParseModelName(asked).id;
      if (exact.contains(parsed) || exact.contains(Undated(parsed))) to_allow.insert(model.id);
      const Names all = AllNames(model);
      const bool is_it =
          std::any_of(to_deny.begin(), to_deny.end(), [&](const std::string& n) { return all.contains(n); });
      if (is_it) denied_models_.insert(all.begin(), all.end());
    }
    to_deny.merge(denied_models_);
    const auto denies = [&](const std::string& pattern) {
      if (pattern.find_first_of("*?") != std::string::npos) return FitsAny(Small(pattern), to_deny);
      const Names forms = FormsToDeny(pattern);
      return std::any_of(forms.begin(), forms.end(),
                         [&](const std::string& form) { return to_deny.contains(form); });
    };
    const Answer answer = Ask({"models", &wire::Rules::models,
                               [&](const std::string& p) { return FitsAny(p, to_allow); }, denies, false});
    model_rule_ = answer.rule;
    if (answer.allowed) return true;
    return Refuse("model", answer.rule.empty() ? "organisation.models.allow" : answer.rule);
  }

  static bool IsToolset(const Tool& tool) { return Small(std::string(tool.type)).starts_with("mcp_toolset"); }

  bool McpServers() {
    const bool any =
        facts_.mcp_servers > 0 || std::any_of(facts_.tools.begin(), facts_.tools.end(), IsToolset);
    if (!any) return true;
    const Answer answer =
        Ask({"tools", &wire::Rules::tools,
             [](const std::string& p) { return p.starts_with("type:") && Fits(p.substr(5), "mcp_toolset"); },
             [](const std::string& p) {
               if (p.starts_with("type:")) return Fits(Small(p.substr(5)), "mcp_toolset");
               const std::string begin = Small(p.substr(0, p.find_first_of("*?")));
               const bool whole = begin.size() == p.size();
               return begin.starts_with("mcp__") || (!whole && std::string("mcp__").starts_with(begin));
             }});
    return answer.allowed || Refuse("mcp_servers", answer.rule);
  }

  Answer AskTool(const Tool& tool) const {
    const std::string name(tool.name);
    const std::string type = tool.type == "custom" ? "" : std::string(tool.type);
    bool at_provider = !type.empty();
    for (const std::string begin : {"bash_", "text_editor_", "computer_", "memory_"})
      at_provider &= !type.starts_with(begin);
    Answer first;
    if (!IsSpokenOf(&wire::Rules::tools, "tools", first)) return {};
    if ((IsOdd(name) && !(at_provider && name.empty())) || (!type.empty() && IsOdd(type))) return first;
    return Ask({"tools", &wire::Rules::tools,
                [&](const std::string& p) {
                  if (p.starts_with("type:")) return !type.empty() && Fits(p.substr(5), type);
                  return !at_provider && Fits(p, name);
                },
                [&](const std::string& p) {
                  if (p.starts_with("type:")) return !type.empty() && Fits(Small(p.substr(5)), Small(type));
                  return !name.empty() && Fits(Small(p), Small(name));
                }});
  }

  // 0: nothing said, 1: the lenient way, 2: the strict way; what holds for a rule of that level.
  template <class Get>
  bool IsStrict(const Answer& answer, const Get& get) const {
    if (const int own = get(*tiers_[answer.tier][answer.level].rules); own != 0) return own != 1;
    for (size_t t = answer.tier; t-- > 0;) {
      int most = 0;
      for (const Level& level : tiers_[t]) most = std::max<int>(most, get(*level.rules));
      if (most != 0) return most != 1;
    }
    return false;
  }

  bool Tools() {
    if (facts_.call == Call::kListModels) return true;
    std::optional<std::string> first;
    bool brought = false;
    for (size_t i = 0; i < facts_.tools.size(); ++i) {
      const Tool& tool = facts_.tools[i];
      const bool forced = facts_.tool_choice == ToolChoice::kNamed && tool.name == facts_.forced_tool;
      brought |= forced;
      if (IsToolset(tool)) continue;
      const Answer answer = AskTool(tool);
      if (answer.allowed) continue;
      if (!first) first = answer.rule;
      if (forced ||
          IsStrict(answer, [](const wire::Rules& r) { return static_cast<int>(r.on_denied_tool()); }))
        return Refuse("tool", answer.rule);
      verdict_.cut_tools.emplace_back(i, answer.rule);
    }
    if (facts_.tool_choice == ToolChoice::kNamed && !brought) {
      const Answer answer = AskTool({facts_.forced_tool, {}});
      if (!answer.allowed) return Refuse("tool", answer.rule);
    }
    const bool none_left = !facts_.tools.empty() && verdict_.cut_tools.size() == facts_.tools.size();
    return facts_.tool_choice != ToolChoice::kAny || !none_left || Refuse("tool", *first);
  }

  bool Caps() {
    if (facts_.call != Call::kMessages) return true;
    uint64_t least = UINT64_MAX;
    std::string rule;
    EachLevel([&](const Level& level, size_t, size_t) {
      const uint64_t cap = level.rules->context_tokens();
      if (cap == 0 || facts_.context_tokens <= static_cast<int64_t>(cap) || cap >= least) return;
      least = cap;
      rule = level.name + ".context_tokens";
    });
    if (!rule.empty()) return Refuse("context_tokens", rule);
    if (!facts_.max_tokens) return true;
    EachLevel([&](const Level& level, size_t t, size_t l) {
      const uint64_t cap = level.rules->max_tokens();
      if (cap == 0 || *facts_.max_tokens <= static_cast<int64_t>(cap)) return;
      Answer at{true, "", t, l, false};
      if (rule.empty() &&
          IsStrict(at, [](const wire::Rules& r) { return static_cast<int>(r.on_max_tokens()); }))
        rule = level.name + ".max_tokens";
      if (verdict_.max_tokens == 0 || static_cast<int64_t>(cap) < verdict_.max_tokens)
        verdict_.max_tokens = static_cast<int64_t>(cap);
    });
    return rule.empty() || Refuse("max_tokens", rule);
  }

  const Catalogue& catalogue_;
  const Facts& facts_;
  const std::vector<Tier> tiers_;
  Names denied_models_;
  std::string model_rule_;
  PlainVerdict verdict_;
};

}  // namespace

PlainVerdict EvaluatePlainly(const wire::Policy& policy, const Catalogue& catalogue, const Facts& facts) {
  return Evaluation(policy, catalogue, facts).Run();
}

PlainVerdict PlainOf(const Verdict& verdict) {
  PlainVerdict plain;
  plain.allowed = verdict.allowed();
  if (!plain.allowed) plain.aspect = Name(verdict.aspect);
  plain.rule = verdict.rule;
  for (const CutTool& cut : verdict.cut_tools) plain.cut_tools.emplace_back(cut.index, cut.rule);
  plain.max_tokens = verdict.max_tokens;
  plain.credentials = verdict.credentials;
  return plain;
}

std::string Describe(const PlainVerdict& verdict) {
  std::string text = verdict.allowed ? "allowed" : "refused for its " + verdict.aspect;
  text += " by " + verdict.rule + ", credentials " + std::to_string(verdict.credentials) + ", max_tokens " +
          std::to_string(verdict.max_tokens);
  for (const auto& [index, rule] : verdict.cut_tools)
    text += ", cuts " + std::to_string(index) + " by " + rule;
  return text;
}

}  // namespace postern::policy
