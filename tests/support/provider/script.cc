#include "tests/support/provider/script.h"

#include <nlohmann/json.hpp>

#include "tests/support/provider/directive.h"

namespace postern::provider {
namespace {

using Json = nlohmann::json;
constexpr std::string_view kMessages = "/v1/messages";

Error NotA(std::string_view name, std::string_view wanted) {
  return {ErrorCode::kInvalid, "\"" + std::string(name) + "\" is not " + std::string(wanted)};
}

Result<Rule> ReadRule(const Json& json) {
  if (!json.is_object()) return NotA("rules", "an array of objects");
  Rule rule;
  bool answered = false;
  for (const auto& [name, value] : json.items()) {
    if (name == "path" || name == "model" || name == "text" || name == "answer") {
      if (!value.is_string()) return NotA(name, "a string");
      const auto text = value.get<std::string>();
      if (name == "path") rule.path = text;
      if (name == "model") rule.model = text;
      if (name == "text") rule.text = text;
      if (name == "answer") {
        const auto items = FindDirective(text);
        ASSIGN_OR_RETURN(rule.plan, ParseDirective(items ? *items : std::string_view(text)));
        answered = true;
      }
    } else if (name == "stream") {
      if (!value.is_boolean()) return NotA(name, "a boolean");
      rule.stream = value.get<bool>();
    } else if (name == "ordinal" || name == "times") {
      if (!value.is_number_unsigned()) return NotA(name, "a number");
      (name == "ordinal" ? rule.ordinal : rule.times) = value.get<uint64_t>();
    } else {
      return Error{ErrorCode::kInvalid, "\"" + name + "\" is not a member of a rule"};
    }
  }
  if (!answered) return Error{ErrorCode::kInvalid, "a rule has an \"answer\""};
  if (rule.path.empty()) rule.path = kMessages;
  return rule;
}

bool FitsModel(const std::string& wanted, const std::string& model) {
  if (wanted.empty()) return true;
  if (wanted.back() != '*') return wanted == model;
  return model.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
}

}  // namespace

Status Script::Install(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("rules") || !json["rules"].is_array()) {
    return Error{ErrorCode::kInvalid, "a script is {\"rules\": [...]}"};
  }
  std::vector<Rule> rules;
  for (const Json& item : json["rules"]) {
    ASSIGN_OR_RETURN(Rule rule, ReadRule(item));
    rules.push_back(std::move(rule));
  }
  rules_ = std::move(rules);
  arrivals_.clear();
  return Ok{};
}

uint64_t& Script::ArrivalsOf(std::string_view path) {
  for (Arrivals& arrivals : arrivals_) {
    if (arrivals.path == path) return arrivals.count;
  }
  arrivals_.push_back({std::string(path)});
  return arrivals_.back().count;
}

bool Script::Fits(const Rule& rule, std::string_view path, const Conversation* conversation,
                  uint64_t ordinal) {
  if (rule.times && *rule.times == 0) return false;
  if (rule.path != path || (rule.ordinal && *rule.ordinal != ordinal)) return false;
  const bool of_conversation = !rule.model.empty() || !rule.text.empty() || rule.stream;
  if (!of_conversation) return true;
  if (conversation == nullptr) return false;
  if (rule.stream && *rule.stream != conversation->stream) return false;
  return FitsModel(rule.model, conversation->model) &&
         conversation->prompt.find(rule.text) != std::string::npos;
}

std::optional<Plan> Script::Choose(std::string_view path, const Conversation* conversation) {
  if (rules_.empty()) return std::nullopt;
  const uint64_t ordinal = ++ArrivalsOf(path);
  for (Rule& rule : rules_) {
    if (rule.plan.early || !Fits(rule, path, conversation, ordinal)) continue;
    if (rule.times) --*rule.times;
    return rule.plan;
  }
  return std::nullopt;
}

std::optional<Plan> Script::ChooseEarly(std::string_view path) {
  if (rules_.empty()) return std::nullopt;
  for (Rule& rule : rules_) {
    if (!rule.plan.early || !Fits(rule, path, nullptr, ArrivalsOf(path) + 1)) continue;
    ++ArrivalsOf(path);
    if (rule.times) --*rule.times;
    return rule.plan;
  }
  return std::nullopt;
}

}  // namespace postern::provider
