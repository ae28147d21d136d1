#include "shared/policy/subjects.h"

namespace postern::policy {

NamedSubject::NamedSubject(const Tables& tables, Kind kind, std::string_view name, std::string_view other)
    : names_{PlainName(name.empty() ? other : name), PlainName(name.empty() ? name : other)} {
  const Lexicon& lexicon = tables.lexicon(kind);
  size_t count = 0;
  for (const PlainName& each : names_) {
    if (!each.is_plain()) {
      if (count > 0 && each.is_empty()) break;
      return;
    }
    denying_[count] = lexicon.Look(each.folded());
    // Hosts' names have no case.
    const bool is_same = kind == Kind::kHosts || !each.has_capitals();
    allowing_[count] = is_same ? denying_[count] : lexicon.Look(each.written());
    ++count;
  }
  subject_.allowing = {allowing_.data(), count};
  subject_.denying = {denying_.data(), count};
  is_known_ = true;
}

ToolSubject::ToolSubject(const Tables& tables, const Speakers& speakers, const Tool& tool)
    : name_(tool.name) {
  const bool has_type = !tool.type.empty() && tool.type != "custom";
  const bool runs_at_provider = has_type && RunsAtProvider(tool.type);
  if (has_type) type_.emplace(tool.type);
  is_plain_ =
      (name_.is_plain() || (runs_at_provider && name_.is_empty())) && (!has_type || type_->is_plain());
  if (!is_plain_) return;
  if (!name_.is_empty()) SetName(tables, speakers, runs_at_provider);
  if (has_type) SetType(tables);
}

void ToolSubject::SetName(const Tables& tables, const Speakers& speakers, bool runs_at_provider) {
  const Lexicon& lexicon = tables.lexicon(Kind::kTools);
  denying_[0] = lexicon.Look(name_.folded());
  subject_.denying = denying_;
  // To allow what the provider runs takes its type: by a name nobody can tell what that is.
  if (runs_at_provider || !speakers.lists()) return;
  allowing_[0] = name_.has_capitals() ? lexicon.Look(name_.written()) : denying_[0];
  subject_.allowing = allowing_;
}

void ToolSubject::SetType(const Tables& tables) {
  denying_type_[0] = tables.tool_types.Look(type_->folded());
  allowing_type_[0] = type_->has_capitals() ? tables.tool_types.Look(type_->written()) : denying_type_[0];
  subject_.denying_types = denying_type_;
  subject_.allowing_types = allowing_type_;
}

ModelSubject::ModelSubject(const Tables& tables, const HashedName& model) {
  const uint32_t place = tables.exact_models.Find(model.text, model.hash);
  if (place == kNowhere) terms_.emplace(model.text, tables.models, tables.lexicon(Kind::kModels));
  const ModelTerms& terms = place == kNowhere ? *terms_ : tables.exact_model_terms[place];
  subject_.allowing = terms.allowing();
  subject_.denying = terms.denying();
}

Subject McpServersSubject(const Tables& tables) {
  Subject subject;
  subject.is_mcp_server = true;
  subject.allowing_types = subject.denying_types = {&tables.mcp_toolset, 1};
  return subject;
}

}  // namespace postern::policy
