#include "agent/commands/arguments.h"

#include <algorithm>

namespace postern::commands {
namespace {

bool Holds(std::initializer_list<std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Error Wrong(std::string_view name, std::string_view what) {
  return Error{ErrorCode::kInvalid, "--" + std::string(name) + ": " + std::string(what)};
}

}  // namespace

Result<Arguments> Arguments::Parse(std::span<const std::string> arguments,
                                   std::initializer_list<std::string_view> options_with_values,
                                   std::initializer_list<std::string_view> flags) {
  Arguments parsed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      parsed.words_.insert(parsed.words_.end(), arguments.begin() + static_cast<ptrdiff_t>(i) + 1,
                           arguments.end());
      break;
    }
    if (!argument.starts_with("--")) {
      parsed.words_.push_back(argument);
      continue;
    }
    const size_t equals = std::min(argument.find('='), argument.size());
    const std::string name = argument.substr(2, equals - 2);
    const bool has_value = equals < argument.size();
    std::string value = has_value ? argument.substr(equals + 1) : "";
    if (Holds(options_with_values, name)) {
      if (!has_value && i + 1 == arguments.size()) return Wrong(name, "a value is missing");
      if (!has_value) value = arguments[++i];
    } else if (!Holds(flags, name)) {
      return Wrong(name, "unknown option");
    } else if (has_value) {
      return Wrong(name, "takes no value");
    }
    if (!parsed.values_.emplace(name, std::move(value)).second) return Wrong(name, "is given twice");
  }
  return parsed;
}

std::optional<std::string> Arguments::Value(std::string_view option) const {
  const auto found = values_.find(option);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace postern::commands
