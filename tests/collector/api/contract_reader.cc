#include "tests/collector/api/contract_reader.h"

#include <algorithm>

#include "shared/base/check.h"

namespace postern::api {
namespace {

using Entries = std::map<std::string, config::Node>;

Entries EntriesOf(const config::Node& node) {
  const auto entries = node.AsEntries();
  CHECK(entries.has_value());
  return {entries->begin(), entries->end()};
}

std::string TextOf(const Entries& entries, const std::string& name) {
  const auto found = entries.find(name);
  return found == entries.end() ? "" : *found->second.AsString();
}

std::vector<std::string> TextsOf(const Entries& entries, const std::string& name) {
  std::vector<std::string> texts;
  const auto found = entries.find(name);
  if (found == entries.end()) return texts;
  const auto list = found->second.AsList();
  if (!list) return {*found->second.AsString()};
  for (const config::Node& item : *list) texts.push_back(*item.AsString());
  return texts;
}

std::string LastPart(const std::string& reference) { return reference.substr(reference.rfind('/') + 1); }

bool HasType(const json::Value& value, const std::string& type) {
  switch (value.kind()) {
    case json::Kind::kNull: return type == "null";
    case json::Kind::kBoolean: return type == "boolean";
    case json::Kind::kInteger: return type == "integer";
    case json::Kind::kDecimal: return type == "number";
    case json::Kind::kText: return type == "string";
    case json::Kind::kList: return type == "array";
    case json::Kind::kObject: return type == "object";
  }
  return false;
}

// The name of the schema under content → application/json, "" where there is none.
std::string SchemaOf(const Entries& body) {
  const auto content = body.find("content");
  if (content == body.end()) return "";
  const Entries types = EntriesOf(content->second);
  const auto json = types.find("application/json");
  if (json == types.end()) return "";
  return LastPart(TextOf(EntriesOf(EntriesOf(json->second).at("schema")), "$ref"));
}

// The first type under content.
std::string TypeOf(const Entries& body) {
  const auto content = body.find("content");
  if (content == body.end()) return "";
  const auto types = content->second.AsEntries();
  return types->front().first;
}

}  // namespace

ContractReader::ContractReader(std::string_view yaml) {
  const auto root = config::Parse(yaml, "openapi.yaml");
  CHECK(root.has_value());
  const Entries whole = EntriesOf(*root);
  for (const auto& [kind, named] : EntriesOf(whole.at("components"))) components_[kind] = EntriesOf(named);
  for (const auto& [name, schema] : components_["schemas"]) {
    const Entries entries = EntriesOf(schema);
    if (entries.count("properties") == 0) continue;
    for (const auto& [field, node] : EntriesOf(entries.at("properties")))
      documented_.insert(name + "." + field);
  }
  for (const auto& [path, item] : EntriesOf(whole.at("paths"))) {
    for (const auto& [method, operation] : EntriesOf(item)) {
      if (method != "parameters") ReadOperation(path, method, EntriesOf(operation));
    }
  }
}

config::Node ContractReader::Resolve(const config::Node& node) const {
  const std::string reference = TextOf(EntriesOf(node), "$ref");
  if (reference.empty()) return node;
  const std::string kind = LastPart(reference.substr(0, reference.rfind('/')));
  return components_.at(kind).at(LastPart(reference));
}

void ContractReader::ReadOperation(const std::string& path, const std::string& method,
                                   const Entries& entries) {
  Operation operation;
  operation.path = path;
  std::transform(method.begin(), method.end(), std::back_inserter(operation.method),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  operation.id = TextOf(entries, "operationId");
  CHECK(!operation.id.empty() && !TextOf(entries, "summary").empty());
  operation.open = entries.count("security") != 0;
  if (const auto parameters = entries.find("parameters"); parameters != entries.end()) {
    const auto list = parameters->second.AsList();
    for (const config::Node& parameter : *list)
      operation.parameters.push_back(TextOf(EntriesOf(Resolve(parameter)), "name"));
  }
  if (const auto body = entries.find("requestBody"); body != entries.end()) {
    operation.body = SchemaOf(EntriesOf(Resolve(body->second)));
    operation.type = TypeOf(EntriesOf(Resolve(body->second)));
  }
  for (const auto& [status, answer] : EntriesOf(entries.at("responses")))
    operation.answers[status] = SchemaOf(EntriesOf(Resolve(answer)));
  operations_.push_back(std::move(operation));
}

const Operation& ContractReader::Of(std::string_view id) const {
  const auto found = std::find_if(operations_.begin(), operations_.end(),
                                  [&](const Operation& operation) { return operation.id == id; });
  CHECK(found != operations_.end());
  return *found;
}

std::vector<std::string> ContractReader::FieldsOf(const std::string& schema) const {
  std::vector<std::string> fields;
  for (const std::string& documented : documented_) {
    if (documented.starts_with(schema + ".")) fields.push_back(documented.substr(schema.size() + 1));
  }
  return fields;
}

std::vector<std::string> ContractReader::Unseen() const {
  std::vector<std::string> unseen;
  std::set_difference(documented_.begin(), documented_.end(), seen_.begin(), seen_.end(),
                      std::back_inserter(unseen));
  return unseen;
}

std::vector<std::string> ContractReader::Judge(const std::string& schema, const json::Value& value) {
  std::vector<std::string> problems;
  JudgeNode(components_.at("schemas").at(schema), schema, value, problems);
  return problems;
}

void ContractReader::JudgeNode(const config::Node& node, const std::string& name, const json::Value& value,
                               std::vector<std::string>& problems) {
  const Entries schema = EntriesOf(node);
  if (const std::string reference = TextOf(schema, "$ref"); !reference.empty())
    return JudgeNode(Resolve(node), LastPart(reference), value, problems);
  if (schema.count("oneOf") != 0) {
    const auto choices = schema.at("oneOf").AsList();
    for (const config::Node& choice : *choices) {
      const bool is_null = TextOf(EntriesOf(choice), "type") == "null";
      if (is_null == value.is_null()) JudgeNode(choice, name, value, problems);
    }
    return;
  }
  const auto types = TextsOf(schema, "type");
  if (std::none_of(types.begin(), types.end(), [&](const auto& type) { return HasType(value, type); }))
    problems.push_back(name + ": " + value.Where() + " is " + json::NameOf(value.kind()));
  const auto words = TextsOf(schema, "enum");
  if (!words.empty() && value.kind() == json::Kind::kText &&
      std::find(words.begin(), words.end(), *value.AsText()) == words.end())
    problems.push_back(name + ": " + value.Where() + " is none of the words: " + *value.AsText());
  if (value.kind() == json::Kind::kList && schema.count("items") != 0) {
    const auto items = value.AsList();
    for (const json::Value& item : *items) JudgeNode(schema.at("items"), name, item, problems);
  }
  if (value.kind() == json::Kind::kObject) JudgeObject(schema, name, value, problems);
}

void ContractReader::JudgeObject(const Entries& schema, const std::string& name, const json::Value& value,
                                 std::vector<std::string>& problems) {
  const Entries properties = schema.count("properties") == 0 ? Entries() : EntriesOf(schema.at("properties"));
  const auto object = value.AsOpenObject();
  for (const auto& [field, inner] : object->Fields()) {
    const auto property = properties.find(field);
    if (property == properties.end()) {
      problems.push_back(name + "." + field + " is not documented");
      continue;
    }
    seen_.insert(name + "." + field);
    JudgeNode(property->second, name + "." + field, inner, problems);
  }
  for (const std::string& field : TextsOf(schema, "required")) {
    if (!object->Has(field)) problems.push_back(name + "." + field + " is required and missing");
  }
}

}  // namespace postern::api
