#include "shared/policy/lint_limits.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "shared/base/edit_distance.h"
#include "shared/policy/limit_words.h"

namespace postern::policy {
namespace {

using Words = std::vector<std::string>;

class LimitLinting {
 public:
  LimitLinting(const KnownModels& known, const People& people, WallTime now, const Say& say)
      : known_(known), people_(people), now_(now), say_(say) {
    for (const Person& person : people.users) users_.push_back(person.user);
    for (const Holder& holder : people.keys) keys_.push_back(holder.key);
    for (const CatalogueModel& model : known.catalogue().models) models_.push_back(model.id);
  }

  void See(const wire::PolicyLimit& limit) const {
    const std::string rule = "limits." + limit.id();
    const std::string& subject = limit.subject();
    switch (limit.scope()) {
      case wire::LIMIT_SCOPE_TEAM:
        Known(Weight::kNeedsForce, rule + ".team", subject, people_.teams, "team");
        break;
      case wire::LIMIT_SCOPE_USER: Known(Weight::kNeedsForce, rule + ".user", subject, users_, "user"); break;
      case wire::LIMIT_SCOPE_KEY: Known(Weight::kNeedsForce, rule + ".key", subject, keys_, "key"); break;
      case wire::LIMIT_SCOPE_KEY_PROVIDER:
        Known(Weight::kNeedsForce, rule + ".key", subject, keys_, "key");
        Known(Weight::kNote, rule + ".provider", limit.within(), people_.providers, "provider");
        break;
      case wire::LIMIT_SCOPE_KEY_MODEL:
        Known(Weight::kNeedsForce, rule + ".key", subject, keys_, "key");
        Model(rule + ".model", limit.within());
        break;
      case wire::LIMIT_SCOPE_PROVIDER:
        Known(Weight::kNote, rule + ".provider", subject, people_.providers, "provider");
        break;
      case wire::LIMIT_SCOPE_MODEL: Model(rule + ".model", subject); break;
      default: break;
    }
    Amount(rule, limit);
  }

 private:
  // An empty list: nothing is known, so nothing is unknown. An empty name is each of them.
  void Known(Weight weight, const std::string& rule, const std::string& name, const Words& known,
             const char* what) const {
    if (name.empty() || known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
    say_(weight, rule, "there is no " + std::string(what) + " " + name + DidYouMean(name, known));
  }

  // What is counted goes by the ids of models.yaml: under any other name it would never be met.
  void Model(const std::string& rule, const std::string& name) const {
    if (name.empty() || models_.empty() || std::find(models_.begin(), models_.end(), name) != models_.end())
      return;
    std::string_view id;
    for (const std::string& form : DeniedForms(name)) {
      if (id.empty()) id = known_.FoldedId(form);
    }
    if (id.empty())
      say_(Weight::kNeedsForce, rule, name + " is no model that has a price" + DidYouMean(name, models_));
    else
      say_(Weight::kNeedsForce, rule,
           name + " is another name of " + std::string(id) + ", by which limits count: name that");
  }

  void Amount(const std::string& rule, const wire::PolicyLimit& limit) const {
    const int64_t now = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
    const bool is_raised = limit.raise_until() > now;
    if (limit.raise_until() != 0 && !is_raised)
      say_(Weight::kNote, rule + ".raise", "this raise is over: it adds nothing any more");
    if (limit.amount() != 0 || (is_raised && limit.raise() != 0)) return;
    const bool is_everybody = limit.scope() == wire::LIMIT_SCOPE_ORGANISATION ||
                              (limit.subject().empty() && limit.within().empty());
    say_(is_everybody ? Weight::kNeedsForce : Weight::kNote, rule,
         "a limit of 0 refuses everything of " + WhomText(limit));
  }

  const KnownModels& known_;
  const People& people_;
  const WallTime now_;
  const Say& say_;
  Words users_, keys_, models_;
};

}  // namespace

void LintLimits(const wire::Policy& policy, const KnownModels& known, const People& people, WallTime now,
                const Say& say) {
  if (policy.limits().empty()) return;
  const LimitLinting linting(known, people, now, say);
  for (const wire::PolicyLimit& limit : policy.limits()) linting.See(limit);
}

}  // namespace postern::policy
