#include "shared/policy/lint.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "shared/base/edit_distance.h"
#include "shared/policy/chain.h"
#include "shared/policy/glob.h"
#include "shared/policy/judge.h"
#include "shared/policy/lint_limits.h"
#include "shared/policy/model_names.h"
#include "shared/policy/secrets_lint.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

using Words = std::vector<std::string>;

class Linting {
 public:
  Linting(const PolicyFile& file, const Catalogue& catalogue, const People& people, WallTime now)
      : file_(file), policy_(file.policy), catalogue_(catalogue), people_(people), now_(now) {
    for (const Person& person : people.users) users_.push_back(person.user);
    for (const Holder& holder : people.keys) keys_.push_back(holder.key);
    for (const CatalogueModel& model : catalogue.models) {
      models_.push_back(model.id);
      models_.insert(models_.end(), model.aliases.begin(), model.aliases.end());
    }
    known_.Build(catalogue);
  }

  std::vector<Concern> Run() {
    EachLevel("organisation", policy_.defaults(), "");
    for (const auto& team : policy_.teams()) {
      Unknown("teams." + team.id(), team.id(), people_.teams, "team");
      EachLevel("teams." + team.id(), team.rules(), team.id());
    }
    for (const auto& group : policy_.groups()) {
      for (int i = 0; i < group.users_size(); ++i)
        Unknown("groups." + group.id() + ".users[" + std::to_string(i) + "]", group.users(i), users_, "user");
      EachLevel("groups." + group.id(), group.rules(), "");
    }
    for (const auto& user : policy_.users()) {
      Unknown("users." + user.id(), user.id(), users_, "user");
      EachLevel("users." + user.id(), user.rules(), "");
    }
    for (const auto& key : policy_.keys()) {
      Unknown("keys." + key.id(), key.id(), keys_, "key");
      EachLevel("keys." + key.id(), key.rules(), "");
    }
    for (Concern& concern : SecretConcerns(file_, now_)) concerns_.push_back(std::move(concern));
    LintLimits(policy_, known_, people_, now_,
               [this](Weight weight, const std::string& rule, std::string sentence) {
                 Say(weight, rule, std::move(sentence));
               });
    LockedOut();
    return InOrder();
  }

 private:
  void Say(Weight weight, const std::string& rule, std::string sentence) {
    const auto line = file_.lines.find(rule);
    concerns_.push_back({weight, rule, line == file_.lines.end() ? 0 : line->second, std::move(sentence)});
  }

  // An empty list: nothing is known, so nothing is unknown.
  void Unknown(const std::string& rule, const std::string& name, const Words& known, const char* what) {
    if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
    Say(Weight::kNeedsForce, rule, "there is no " + std::string(what) + " " + name + DidYouMean(name, known));
  }

  void EachLevel(const std::string& level, const wire::Rules& rules, const std::string& team) {
    const int64_t now = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
    if (rules.expires() != 0 && rules.expires() <= now)
      Say(Weight::kNote, level + ".expires", "this is over: it refuses everything already");
    if (rules.hours_listed() && rules.hours_size() == 0)
      Say(Weight::kNote, level + ".hours", "no hours are allowed: it refuses everything");
    for (int i = 0; i < rules.models().allow_size(); ++i) {
      const std::string rule = level + ".models.allow[" + std::to_string(i) + "]";
      Model(rule, rules.models().allow(i));
      if (!team.empty()) WithoutEffect(rule, rules.models().allow(i), team);
    }
    for (int i = 0; i < rules.models().deny_size(); ++i) {
      const std::string rule = level + ".models.deny[" + std::to_string(i) + "]";
      Model(rule, rules.models().deny(i));
      OtherNames(rule, rules.models().deny(i));
    }
    Named(level + ".credentials", rules.credentials(), people_.credentials, "credential");
    Named(level + ".providers", rules.providers(), people_.providers, "provider");
  }

  void Named(const std::string& list, const wire::Patterns& patterns, const Words& known, const char* what) {
    const auto each = [&](const auto& texts, const char* which) {
      for (int i = 0; i < texts.size(); ++i) {
        const bool is_known = known.empty() || HasWildcard(texts[i]) || texts[i] == kOwnCredential ||
                              std::find(known.begin(), known.end(), texts[i]) != known.end();
        if (!is_known)
          Say(Weight::kNote, list + which + "[" + std::to_string(i) + "]",
              "there is no " + std::string(what) + " " + texts[i] + DidYouMean(texts[i], known));
      }
    };
    each(patterns.allow(), ".allow");
    each(patterns.deny(), ".deny");
  }

  void Model(const std::string& rule, const std::string& pattern) {
    if (models_.empty()) return;
    if (HasWildcard(pattern)) {
      const std::string folded = Folded(pattern);
      const bool fits = std::any_of(models_.begin(), models_.end(), [&](const std::string& model) {
        const auto forms = DeniedForms(model);
        return std::any_of(forms.begin(), forms.end(),
                           [&](const std::string& form) { return GlobMatches(folded, form); });
      });
      // Of a cloud's forms there are too many to know.
      if (!fits && pattern.find('.') == std::string::npos)
        Say(Weight::kNote, rule, "no model that has a price is meant by " + pattern);
      return;
    }
    const auto forms = DeniedForms(pattern);
    const bool is_known = std::any_of(forms.begin(), forms.end(), [this](const std::string& form) {
      return !known_.FoldedId(form).empty();
    });
    if (!is_known)
      Say(Weight::kNeedsForce, rule,
          pattern + " is no model that has a price" + DidYouMean(pattern, models_));
  }

  // That a denial takes more models along than it names.
  void OtherNames(const std::string& rule, const std::string& pattern) {
    if (HasWildcard(pattern)) return;
    std::string_view id;
    for (const std::string& form : DeniedForms(pattern)) {
      if (id.empty()) id = known_.FoldedId(form);
    }
    if (id.empty() || id == Folded(pattern)) return;
    Say(Weight::kNote, rule,
        pattern + " is another name of " + std::string(id) +
            " in models.yaml: that model is denied under all of its names");
  }

  // A model that a team is to have and that no level above gives.
  void WithoutEffect(const std::string& rule, const std::string& pattern, const std::string& team) {
    if (HasWildcard(pattern)) return;
    if (!compiled_) {
      auto compiled = Compiled::Compile(policy_, catalogue_);
      if (!compiled) return;
      compiled_ = *std::move(compiled);
    }
    Facts facts;
    facts.team = team;
    if (!compiled_->AllowsModel(facts, pattern))
      Say(Weight::kNote, rule,
          pattern +
              " stays denied here: a level denies it, or none above allows it and may_widen isn't said");
  }

  // Nothing that anybody has a key for would be let through, whatever the hour.
  void LockedOut() {
    const auto compiled = Compiled::Compile(policy_, catalogue_);
    if (!compiled) return;
    const Tables& tables = TablesOf(*compiled);
    std::vector<Facts> everybody;
    for (const Holder& holder : people_.keys)
      everybody.push_back(FactsOf(holder.team, holder.user, holder.key));
    if (everybody.empty()) {
      for (const Person& person : people_.users) everybody.push_back(FactsOf(person.team, person.user, ""));
    }
    const bool nobody_known = everybody.empty();
    if (nobody_known) {
      everybody.push_back(FactsOf("", "", ""));
      for (const auto& team : policy_.teams()) everybody.push_back(FactsOf(team.id(), "", ""));
    }
    // Many have the same levels.
    std::map<std::vector<const Level*>, bool> seen;
    for (const Facts& facts : everybody) {
      const Chain chain(tables, facts);
      const std::vector<const Level*> levels(chain.levels().begin(), chain.levels().end());
      const auto known = seen.find(levels);
      const bool may =
          known != seen.end() ? known->second : (seen[levels] = MayAnything(*compiled, chain, facts));
      if (may) return;
    }
    Say(Weight::kNeedsForce, "",
        nobody_known ? "it would let nobody through" : "it would lock out every key");
  }

  static Facts FactsOf(std::string_view team, std::string_view user, std::string_view key) {
    Facts facts;
    facts.team = team;
    facts.user = user;
    facts.key = key;
    return facts;
  }

  bool MayAnything(const Compiled& compiled, const Chain& chain, const Facts& facts) const {
    const int64_t now = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
    for (const Level* level : chain.levels()) {
      const wire::Rules& scalars = level->scalars;
      if (scalars.expires() != 0 && scalars.expires() <= now) return false;
      if (scalars.hours_listed() && scalars.hours_size() == 0) return false;
    }
    const Tables& tables = TablesOf(compiled);
    if (ClosedAt(tables, chain, now_) && !NextOpening(tables, chain, now_)) return false;
    if (models_.empty()) return AllowsSome(compiled, facts);
    return std::any_of(models_.begin(), models_.end(),
                       [&](const std::string& model) { return compiled.AllowsModel(facts, model); });
  }

  // Without a catalogue: any model that a list names.
  bool AllowsSome(const Compiled& compiled, const Facts& facts) const {
    const auto any = [&](const wire::Rules& rules) {
      const auto& allow = rules.models().allow();
      return std::any_of(allow.begin(), allow.end(), [&](std::string pattern) {
        std::replace_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '?'; }, 'x');
        return compiled.AllowsModel(facts, pattern);
      });
    };
    const auto any_of = [&any](const auto& levels) {
      return std::any_of(levels.begin(), levels.end(),
                         [&any](const auto& level) { return any(level.rules()); });
    };
    return any(policy_.defaults()) || any_of(policy_.teams()) || any_of(policy_.groups()) ||
           any_of(policy_.users()) || any_of(policy_.keys());
  }

  // As they stand in the file. Of too many, what needs force is never the part that is left out.
  std::vector<Concern> InOrder() const {
    std::multimap<std::pair<bool, int>, Concern> ordered;
    const bool are_many = concerns_.size() > kMostConcerns;
    for (const Concern& concern : concerns_)
      ordered.emplace(std::pair(are_many && concern.weight != Weight::kNeedsForce, concern.line), concern);
    std::vector<Concern> first;
    for (auto& [place, concern] : ordered) {
      if (first.size() == kMostConcerns) break;
      first.push_back(std::move(concern));
    }
    return first;
  }

  const PolicyFile& file_;
  const wire::Policy& policy_;
  const Catalogue& catalogue_;
  const People& people_;
  const WallTime now_;
  KnownModels known_;
  Words models_, users_, keys_;
  std::optional<Compiled> compiled_;
  std::vector<Concern> concerns_;
};

}  // namespace

std::vector<Concern> Lint(const PolicyFile& file, const Catalogue& catalogue, const People& people,
                          WallTime now) {
  return Linting(file, catalogue, people, now).Run();
}

}  // namespace postern::policy
