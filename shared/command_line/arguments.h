// Command lines of the form: words, --option VALUE or --option=VALUE, --flag. Pure.
//
// What was typed may be a secret in the wrong place, so an error repeats a word only where it could be the
// name of a command or an option.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/option.h"

namespace postern::command_line {

// Thread-compatible.
class Arguments {
 public:
  // kInvalid, with a sentence for the person who typed it: an unknown option (with the nearest known one),
  // one given twice, a value that is missing, too many or none of the choices, a required option left out.
  // After
  // "--" all are words, and "-" is one.
  static Result<Arguments> Parse(std::span<const std::string> arguments, std::span<const Option> options);

  const std::vector<std::string>& words() const { return words_; }
  std::optional<std::string> Value(std::string_view option) const;
  std::string ValueOr(std::string_view option, std::string_view otherwise) const;
  bool Has(std::string_view option) const { return values_.find(option) != values_.end(); }
  // The parts of a value between commas; none that is empty.
  std::vector<std::string> List(std::string_view option) const;
  // A whole number. kInvalid, naming the option, where the value isn't one in this range.
  Result<std::optional<uint64_t>> Number(std::string_view option, uint64_t least, uint64_t most) const;

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string, std::less<>> values_;
};

// The word in quotes, where it is short and made of small letters and dashes; otherwise "what was given".
std::string Quoted(std::string_view word);

}  // namespace postern::command_line
