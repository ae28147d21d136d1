#include "shared/policy/model_terms.h"

namespace postern::policy {

ModelTerms::ModelTerms(std::string_view model, const KnownModels& known, const Lexicon& lexicon)
    : names_(model, known) {
  for (const HashedName& name : names_.allowing().all()) allowing_[allowing_count_++] = lexicon.Look(name);
  for (const HashedName& name : names_.denying().all()) denying_[denying_count_++] = lexicon.Look(name);
}

}  // namespace postern::policy
