#include "shared/secrets/toml_fields.h"

#include <algorithm>

#include "shared/base/edit_distance.h"

namespace postern::secrets {

std::string SmallAscii(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

Result<TomlFields> TomlFields::Of(const config::Node& node, std::span<const std::string_view> known) {
  ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
  TomlFields fields(node);
  for (const auto& [key, value] : entries) {
    const std::string name = SmallAscii(key);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{ErrorCode::kInvalid, value.Where() + ": unknown key" + DidYouMean(name, known)};
    }
    if (!fields.values_.emplace(name, value).second)
      return Error{ErrorCode::kInvalid, value.Where() + ": the key is given twice"};
  }
  return fields;
}

const config::Node* TomlFields::Find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

Error TomlFields::Wrong(std::string_view what) const {
  return Error{ErrorCode::kInvalid, node_.Where() + ": " + std::string(what)};
}

Status TomlFields::Text(std::string_view name, std::string& into) const {
  if (const config::Node* value = Find(name)) {
    ASSIGN_OR_RETURN(into, value->AsText());
  }
  return Ok{};
}

Status TomlFields::Texts(std::string_view name, std::vector<std::string>& into) const {
  const config::Node* value = Find(name);
  if (value == nullptr) return Ok{};
  ASSIGN_OR_RETURN(const auto list, value->AsList());
  for (const config::Node& item : list) {
    ASSIGN_OR_RETURN(into.emplace_back(), item.AsText());
  }
  return Ok{};
}

Status TomlFields::Truth(std::string_view name, bool& into) const {
  if (const config::Node* value = Find(name)) {
    ASSIGN_OR_RETURN(into, value->AsBool());
  }
  return Ok{};
}

Status TomlFields::Number(std::string_view name, std::optional<int64_t>& into) const {
  if (const config::Node* value = Find(name)) {
    ASSIGN_OR_RETURN(into, value->AsInteger(0, 1'000'000'000));
  }
  return Ok{};
}

Result<std::vector<config::Node>> TomlFields::Tables(std::string_view name) const {
  const config::Node* value = Find(name);
  if (value == nullptr) return std::vector<config::Node>{};
  return value->AsList();
}

}  // namespace postern::secrets
