#include "shared/policy/level_maker.h"

#include <algorithm>
#include <utility>

#include "shared/policy/glob.h"
#include "shared/policy/level_scalars.h"
#include "shared/policy/rules_of.h"

namespace postern::policy {
namespace {

constexpr std::string_view kTypePrefix = "type:";
constexpr std::string_view kMcpPrefix = "mcp__";
constexpr std::string_view kMcpToolset = "mcp_toolset";

// Whether a name that begins as those of MCP tools do may fit.
bool MayMeanMcp(std::string_view folded) {
  const std::string_view beginning = folded.substr(0, folded.find_first_of("*?"));
  if (beginning.size() == folded.size()) return folded.starts_with(kMcpPrefix);
  return beginning.starts_with(kMcpPrefix) || kMcpPrefix.starts_with(beginning);
}

// Into names and, of tools, types; each with the text of its rule.
template <class Texts>
Status Sort(const Texts& texts, Kind kind, const std::string& rule, std::vector<std::string>& rules,
            std::vector<Pattern>& names, std::vector<Pattern>& types) {
  rules.reserve(static_cast<size_t>(texts.size()));
  for (const std::string& text : texts) {
    const auto place = static_cast<uint32_t>(rules.size());
    rules.push_back(rule + "[" + std::to_string(place) + "]");
    const bool is_type = kind == Kind::kTools && text.starts_with(kTypePrefix);
    const std::string pattern = is_type ? text.substr(kTypePrefix.size()) : text;
    const Status sound = CheckPattern(pattern);
    if (!sound) return WrongAt(rules.back(), sound.error().message);
    (is_type ? types : names).push_back({pattern, place});
  }
  return Ok{};
}

void Fold(std::vector<Pattern>& patterns) {
  for (Pattern& pattern : patterns) pattern.text = Folded(pattern.text);
}

Status Make(const std::vector<Pattern>& patterns, const Lexicon& lexicon, const std::string& rule,
            PatternList& list) {
  auto made = PatternList::Make(patterns, lexicon);
  if (!made) return WrongAt(rule, made.error().message);
  list = *std::move(made);
  return Ok{};
}

}  // namespace

Error WrongAt(const std::string& where, const std::string& what) {
  return {ErrorCode::kInvalid, where + ": " + what};
}

Status LevelMaker::Add(LevelKind kind, const std::string& id, const std::string& prefix,
                       const wire::Rules& rules) {
  Level& level = tables_.levels.emplace_back();
  level.kind = kind;
  level.id = id;
  level.prefix = prefix;
  RETURN_IF_ERROR(SetScalars(rules, level));
  for (size_t i = 0; i < kKinds; ++i) {
    const auto list_kind = static_cast<Kind>(i);
    RETURN_IF_ERROR(AddLists(level, list_kind, PatternsOf(rules, list_kind)));
  }
  return Ok{};
}

Status LevelMaker::AddLists(Level& level, Kind kind, const wire::Patterns& patterns) {
  if (!SaysSomething(patterns)) return Ok{};
  Draft draft;
  draft.level = &level;
  draft.kind = kind;
  draft.lists = std::make_unique<Lists>();
  Lists& lists = *draft.lists;
  const std::string name = level.prefix + std::string(KeyOf(kind));
  lists.listed = patterns.allows_listed() || patterns.allow_size() > 0;
  lists.allow_rule = name + ".allow";
  lists.deny_rule = name + ".deny";
  RETURN_IF_ERROR(
      Sort(patterns.allow(), kind, lists.allow_rule, lists.allow_rules, draft.allow, draft.allow_types));
  RETURN_IF_ERROR(
      Sort(patterns.deny(), kind, lists.deny_rule, lists.deny_rules, draft.deny, draft.deny_types));
  // Hosts' names have no case. Else a rule that allows means what it says, to the letter.
  if (kind == Kind::kHosts) Fold(draft.allow);
  Fold(draft.deny);
  Fold(draft.deny_types);
  for (const Pattern& pattern : draft.deny) {
    if (kind == Kind::kTools && lists.denies_mcp == kNowhere && MayMeanMcp(pattern.text))
      lists.denies_mcp = pattern.place;
  }
  drafts_.push_back(std::move(draft));
  level.speaks |= BitOf(kind);
  level.says_nothing = false;
  return Ok{};
}

Status LevelMaker::Finish() {
  AddWords();
  for (Draft& draft : drafts_) RETURN_IF_ERROR(MakeLists(draft));
  drafts_.clear();
  MakeModels();
  return Ok{};
}

void LevelMaker::AddWords() {
  for (const Draft& draft : drafts_) {
    Lexicon& names = tables_.lexicons[static_cast<size_t>(draft.kind)];
    for (const Patterns* patterns : {&draft.allow, &draft.deny}) {
      for (const Pattern& pattern : *patterns) names.Add(pattern.text);
    }
    for (const Patterns* patterns : {&draft.allow_types, &draft.deny_types}) {
      for (const Pattern& pattern : *patterns) tables_.tool_types.Add(pattern.text);
    }
    if (draft.kind != Kind::kModels) continue;
    for (const Pattern& pattern : draft.deny) {
      if (HasWildcard(pattern.text)) continue;
      for (const std::string& form : DeniedForms(pattern.text)) names.Add(form);
    }
  }
  AddModels();
  for (Lexicon& lexicon : tables_.lexicons) lexicon.Build();
  tables_.tool_types.Build();
  tables_.mcp_toolset = tables_.tool_types.Look(kMcpToolset);
  for (ModelForms& model : model_forms_) {
    for (const std::string& text : model.texts)
      model.terms.push_back(tables_.lexicon(Kind::kModels).Look(text));
  }
}

void LevelMaker::AddModels() {
  for (const CatalogueModel& model : tables_.models.catalogue().models) {
    ModelForms& forms = model_forms_.emplace_back();
    forms.id = Folded(model.id);
    forms.texts = DeniedForms(model.id);
    for (const std::string& alias : model.aliases) {
      for (std::string& form : DeniedForms(alias)) forms.texts.push_back(std::move(form));
    }
    tables_.lexicons[static_cast<size_t>(Kind::kModels)].Add(forms.id);
  }
}

Status LevelMaker::MakeLists(Draft& draft) const {
  Lists& lists = *draft.lists;
  const Lexicon& names = tables_.lexicon(draft.kind);
  RETURN_IF_ERROR(Make(draft.allow, names, lists.allow_rule, lists.allow));
  RETURN_IF_ERROR(Make(draft.allow_types, tables_.tool_types, lists.allow_rule, lists.allow_types));
  RETURN_IF_ERROR(Make(draft.deny_types, tables_.tool_types, lists.deny_rule, lists.deny_types));
  if (draft.kind == Kind::kModels) {
    auto made = MakeModelDenials(draft.deny);
    if (!made) return WrongAt(lists.deny_rule, made.error().message);
    lists.deny = *std::move(made);
  } else {
    RETURN_IF_ERROR(Make(draft.deny, names, lists.deny_rule, lists.deny));
  }
  draft.level->lists[static_cast<size_t>(draft.kind)] = std::move(draft.lists);
  return Ok{};
}

// Under a name of a model stand all others of it: a list that denies one denies the model.
Result<PatternList> LevelMaker::MakeModelDenials(const Patterns& written) const {
  const Lexicon& lexicon = tables_.lexicon(Kind::kModels);
  Patterns all;
  for (const Pattern& pattern : written) {
    if (HasWildcard(pattern.text)) {
      all.push_back(pattern);
    } else {
      for (std::string& form : DeniedForms(pattern.text)) all.push_back({std::move(form), pattern.place});
    }
  }
  ASSIGN_OR_RETURN(PatternList list, PatternList::Make(all, lexicon));
  if (all.empty()) return list;
  const size_t own = all.size();
  for (const ModelForms& model : model_forms_) {
    uint32_t place = kNowhere;
    for (const Term& form : model.terms) place = std::min(place, list.Find(form));
    if (place != kNowhere) all.push_back({model.id, place});
  }
  if (all.size() == own) return list;
  return PatternList::Make(all, lexicon);
}

void LevelMaker::MakeModels() {
  std::vector<std::string> names;
  for (const CatalogueModel& model : tables_.models.catalogue().models) {
    names.push_back(model.id);
    names.insert(names.end(), model.aliases.begin(), model.aliases.end());
  }
  tables_.exact_models.Build(std::move(names));
  for (const std::string& name : tables_.exact_models.names())
    tables_.exact_model_terms.emplace_back(name, tables_.models, tables_.lexicon(Kind::kModels));
}

}  // namespace postern::policy
