// Makes levels of what a snapshot says of them: first every level is checked and kept, then the words of all
// of them are numbered and the lists made. Private to this directory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/policy/pattern_list.h"
#include "shared/policy/tables.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// "teams.ml.models: what is wrong".
Error WrongAt(const std::string& where, const std::string& what);

// Thread-compatible.
class LevelMaker {
 public:
  // `tables` outlives it; its catalogue is known already.
  explicit LevelMaker(Tables& tables) : tables_(tables) {}

  // Another level, without its lists. kInvalid, with the rule and what is wrong, for what is none or is
  // beyond limits.h.
  Status Add(LevelKind kind, const std::string& id, const std::string& prefix, const wire::Rules& rules);

  // All lists, the lexicons and the models. kInvalid for patterns that would have to be tried one by one and
  // are too many. Once, after the last Add.
  Status Finish();

 private:
  using Patterns = std::vector<Pattern>;

  // What a level's lists of one kind are made of.
  struct Draft {
    Level* level = nullptr;
    Kind kind = Kind::kModels;
    std::unique_ptr<Lists> lists;  // without its four lists of patterns
    Patterns allow, allow_types, deny, deny_types;
  };

  // Every form of a model's names that a denial may mean.
  struct ModelForms {
    std::string id;  // in small letters
    std::vector<std::string> texts;
    std::vector<Term> terms;
  };

  Status AddLists(Level& level, Kind kind, const wire::Patterns& patterns);
  void AddWords();
  void AddModels();
  Status MakeLists(Draft& draft) const;
  Result<PatternList> MakeModelDenials(const Patterns& written) const;
  void MakeModels();

  Tables& tables_;
  std::vector<Draft> drafts_;
  std::vector<ModelForms> model_forms_;  // of the catalogue
};

}  // namespace postern::policy
