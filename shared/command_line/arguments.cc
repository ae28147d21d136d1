#include "shared/command_line/arguments.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "shared/base/edit_distance.h"

namespace postern::command_line {
namespace {

constexpr size_t kLongestName = 24;

Error Wrong(std::string_view name, std::string_view what) {
  return Error{ErrorCode::kInvalid, "--" + std::string(name) + ": " + std::string(what)};
}

const Option* FindOption(std::span<const Option> options, std::string_view name) {
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const Option& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

bool IsName(std::string_view word) {
  return !word.empty() && word.size() <= kLongestName &&
         std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

Error Unknown(std::string_view name, std::span<const Option> options) {
  if (!IsName(name)) return Error{ErrorCode::kInvalid, "there is an option that is not known"};
  std::vector<std::string_view> names;
  for (const Option& option : options) names.push_back(option.name);
  const auto nearest = Nearest(name, names);
  return Wrong(name, nearest ? "unknown option; did you mean --" + *nearest + "?" : "unknown option");
}

Status CheckChoice(const Option& option, std::string_view value) {
  const auto& choices = option.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return Ok{};
  std::string allowed;
  for (const std::string_view choice : choices)
    allowed += (allowed.empty() ? "" : ", ") + std::string(choice);
  return Wrong(option.name,
               "found " + Quoted(value) + ", allowed is one of " + allowed + DidYouMean(value, choices));
}

}  // namespace

std::string Quoted(std::string_view word) {
  return IsName(word) ? '"' + std::string(word) + '"' : "what was given";
}

std::vector<Option> Join(std::vector<Option> first, std::vector<Option> second) {
  std::move(second.begin(), second.end(), std::back_inserter(first));
  return first;
}

Result<Arguments> Arguments::Parse(std::span<const std::string> arguments, std::span<const Option> options) {
  Arguments parsed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      parsed.words_.insert(parsed.words_.end(), arguments.begin() + static_cast<ptrdiff_t>(i) + 1,
                           arguments.end());
      break;
    }
    if (argument == "-" || !argument.starts_with("-")) {
      parsed.words_.push_back(argument);
      continue;
    }
    const size_t equals = std::min(argument.find('='), argument.size());
    const std::string name =
        argument.substr(std::min(argument.find_first_not_of('-'), equals), std::string::npos)
            .substr(0, equals - std::min(argument.find_first_not_of('-'), equals));
    const bool has_value = equals < argument.size();
    std::string value = has_value ? argument.substr(equals + 1) : "";
    const Option* option = argument.starts_with("--") ? FindOption(options, name) : nullptr;
    if (option == nullptr) return Unknown(name, options);
    if (option->value.empty() && has_value) return Wrong(name, "takes no value");
    if (!option->value.empty() && !has_value) {
      if (i + 1 == arguments.size()) return Wrong(name, "a value is missing");
      value = arguments[++i];
    }
    RETURN_IF_ERROR(CheckChoice(*option, value));
    if (!parsed.values_.emplace(name, std::move(value)).second) return Wrong(name, "is given twice");
  }
  for (const Option& option : options) {
    if (option.need == Need::kRequired && !parsed.Has(option.name))
      return Error{ErrorCode::kInvalid,
                   "--" + std::string(option.name) + " " + std::string(option.value) + " is missing"};
  }
  return parsed;
}

std::optional<std::string> Arguments::Value(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::string Arguments::ValueOr(std::string_view option, std::string_view otherwise) const {
  return Value(option).value_or(std::string(otherwise));
}

std::vector<std::string> Arguments::List(std::string_view option) const {
  const std::string text = ValueOr(option, "");
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Result<std::optional<uint64_t>> Arguments::Number(std::string_view option, uint64_t least,
                                                  uint64_t most) const {
  const auto text = Value(option);
  if (!text) return std::optional<uint64_t>();
  uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem == std::errc{} && end == text->data() + text->size() && number >= least && number <= most)
    return std::optional(number);
  return Wrong(option,
               "allowed is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace postern::command_line
