#include "shared/policy/subjects.h"

#include <algorithm>

#include "shared/policy/glob.h"

namespace postern::policy {

SmallName::SmallName(std::string_view name) : size_(std::min(name.size(), text_.size())) {
  for (size_t i = 0; i < size_; ++i) {
    const char c = name[i];
    text_[i] = static_cast<char>(c + (c >= 'A' && c <= 'Z' ? 'a' - 'A' : 0));
  }
}

NamedSubject::NamedSubject(Kind kind, std::string_view name, std::string_view other) {
  const std::array<std::string_view, 2> names = {name, other};
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    if (!IsPlainName(names[i])) {
      is_known_ = false;
      return;
    }
    small_[i] = SmallName(names[i]);
    subject_.allowing.Add(kind == Kind::kHosts ? small_[i].text() : names[i]);
    subject_.denying.Add(small_[i].text());
  }
  is_known_ = !subject_.denying.all().empty();
}

ToolSubject::ToolSubject(const Tool& tool) {
  const bool has_type = !tool.type.empty() && tool.type != "custom";
  const bool runs_at_provider = has_type && RunsAtProvider(tool.type);
  is_plain_ = (IsPlainName(tool.name) || (runs_at_provider && tool.name.empty())) &&
              (!has_type || IsPlainName(tool.type));
  if (!is_plain_) return;
  // To allow what the provider runs takes its type: by a name nobody can tell what that is.
  if (!runs_at_provider) subject_.allowing.Add(tool.name);
  if (!tool.name.empty()) {
    name_ = SmallName(tool.name);
    subject_.denying.Add(name_.text());
  }
  if (!has_type) return;
  type_ = SmallName(tool.type);
  subject_.allowing_types.Add(tool.type);
  subject_.denying_types.Add(type_.text());
}

ModelSubject::ModelSubject(std::string_view model, const KnownModels& known) : names_(model, known) {
  subject_.allowing = names_.allowing();
  subject_.denying = names_.denying();
}

Subject McpServersSubject() {
  Subject subject;
  subject.is_mcp_server = true;
  subject.allowing_types.Add("mcp_toolset");
  subject.denying_types.Add("mcp_toolset");
  return subject;
}

}  // namespace postern::policy
