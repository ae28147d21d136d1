#include "shared/policy/explain.h"

#include <algorithm>
#include <utility>

#include "shared/policy/chain.h"
#include "shared/policy/judge.h"
#include "shared/policy/level_name.h"
#include "shared/policy/plain_name.h"
#include "shared/policy/subjects.h"

namespace postern::policy {
namespace {

constexpr size_t kMostTools = 200;

class Explaining {
 public:
  Explaining(const Tables& tables, const Facts& facts)
      : tables_(tables), facts_(facts), chain_(tables, facts), words_(chain_.levels().size()) {}

  std::vector<Statement> Run() {
    const int64_t now = std::chrono::floor<std::chrono::seconds>(facts_.time).time_since_epoch().count();
    for (const Level* level : chain_.levels()) {
      if (level->scalars.expires() == 0) continue;
      Say(Aspect::kExpiry, *level, "",
          {now < level->scalars.expires() ? Word::kAllows : Word::kDenies, level->expires_rule});
    }
    Hours();
    Named(Kind::kHosts, Aspect::kHost, facts_.host);
    Named(Kind::kOsUsers, Aspect::kOsUser, facts_.os_user, facts_.os_user_number);
    Named(Kind::kProviders, Aspect::kProvider, facts_.provider);
    Residency();
    for (const std::string& credential : facts_.credentials)
      Named(Kind::kCredentials, Aspect::kCredential, credential);
    if (facts_.call != Call::kListModels) Model();
    Tools();
    Caps();
    return std::move(statements_);
  }

 private:
  void Say(Aspect aspect, const Level& level, std::string_view subject, const Said& said) {
    if (said.word == Word::kSilent) return;
    statements_.push_back({aspect, NameOf(level), std::string(subject), said.word, std::string(said.rule)});
  }

  void Lists(const Speakers& speakers, Aspect aspect, std::string_view name, const Subject& subject) {
    std::fill(words_.begin(), words_.end(), Said{});
    Rule(speakers, subject, words_);
    for (size_t i = 0; i < words_.size(); ++i) Say(aspect, *chain_.levels()[i], name, words_[i]);
  }

  void Named(Kind kind, Aspect aspect, std::string_view name, std::string_view other = {}) {
    const NamedSubject named(tables_, kind, name, other);
    if (named.is_known()) Lists(Speakers(chain_, kind), aspect, name.empty() ? other : name, named.subject());
  }

  void Hours() {
    for (const Level* level : chain_.levels()) {
      if (!level->scalars.hours_listed()) continue;
      Say(Aspect::kHours, *level, "",
          {IsOpen(tables_, *level, facts_.time) ? Word::kAllows : Word::kNarrows, level->hours_rule});
    }
  }

  void Residency() {
    for (const Level* level : chain_.levels()) {
      const auto& tags = level->scalars.residency();
      for (int i = 0; i < tags.size(); ++i) {
        const bool has =
            std::find(facts_.residency.begin(), facts_.residency.end(), tags[i]) != facts_.residency.end();
        Say(Aspect::kResidency, *level, tags[i],
            {has ? Word::kAllows : Word::kNarrows, level->residency_rules[static_cast<size_t>(i)]});
      }
    }
  }

  void Model() {
    const PlainName model(facts_.model);
    if (!model.is_plain()) return;
    Lists(Speakers(chain_, Kind::kModels), Aspect::kModel, facts_.model,
          ModelSubject(tables_, model.written()).subject());
  }

  void Tools() {
    const Speakers speakers(chain_, Kind::kTools);
    const bool has_toolset = std::any_of(facts_.tools.begin(), facts_.tools.end(), IsMcpToolset);
    if (facts_.mcp_servers > 0 || has_toolset)
      Lists(speakers, Aspect::kMcpServers, "", McpServersSubject(tables_));
    for (const Tool& tool : facts_.tools.first(std::min(facts_.tools.size(), kMostTools))) {
      const ToolSubject subject(tables_, speakers, tool);
      if (subject.is_plain() && !IsMcpToolset(tool))
        Lists(speakers, Aspect::kTool, tool.name.empty() ? tool.type : tool.name, subject.subject());
    }
  }

  void Caps() {
    if (facts_.call != Call::kMessages) return;
    const auto over = [](uint64_t cap, int64_t count) {
      return count > 0 && static_cast<uint64_t>(count) > cap;
    };
    for (const Level* level : chain_.levels()) {
      const uint64_t cap = level->scalars.context_tokens();
      if (cap != 0)
        Say(Aspect::kContext, *level, "",
            {over(cap, facts_.context_tokens) ? Word::kDenies : Word::kAllows, level->context_rule});
    }
    for (const Level* level : chain_.levels()) {
      const uint64_t cap = level->scalars.max_tokens();
      if (cap != 0)
        Say(Aspect::kMaxTokens, *level, "",
            {over(cap, facts_.max_tokens.value_or(0)) ? Word::kNarrows : Word::kAllows,
             level->max_tokens_rule});
    }
  }

  const Tables& tables_;
  const Facts& facts_;
  const Chain chain_;
  std::vector<Said> words_;
  std::vector<Statement> statements_;
};

}  // namespace

const char* Name(Word word) {
  switch (word) {
    case Word::kSilent: return "silent";
    case Word::kAllows: return "allows";
    case Word::kWidens: return "widens";
    case Word::kNarrows: return "narrows";
    case Word::kDenies: return "denies";
  }
  return "unknown";
}

Explanation Explain(const Compiled& policy, const Facts& facts) {
  return {policy.Judge(facts), Explaining(TablesOf(policy), facts).Run()};
}

}  // namespace postern::policy
