// The JSON of a call from the options of a command line.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::cli {

enum class FieldKind {
  kText,
  kList,  // "a,b"; an empty value is an empty list
  kTime,  // a time to come, an age ahead, or "never" for null
};

struct FieldOption {
  std::string_view option;
  std::string_view field;
  FieldKind kind = FieldKind::kText;
};

struct FixedField {
  std::string_view field;
  std::string value;
};

// An object with the fixed fields, then a field for each of these options that was given. kInvalid, naming
// the option, where a value isn't of its kind.
Result<std::string> BodyOf(const command_line::Invocation& call, std::initializer_list<FixedField> fixed,
                           std::initializer_list<FieldOption> options);

}  // namespace postern::cli
