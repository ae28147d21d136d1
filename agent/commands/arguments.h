// Command lines of the form: verb, words, --option VALUE or --option=VALUE, --flag. Pure.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace postern::commands {

// Thread-compatible.
class Arguments {
 public:
  // kInvalid, with a sentence for the person who typed it: an unknown option, one given twice, a value that
  // is missing or too many. After "--" all are words.
  static Result<Arguments> Parse(std::span<const std::string> arguments,
                                 std::initializer_list<std::string_view> options_with_values,
                                 std::initializer_list<std::string_view> flags);

  const std::vector<std::string>& words() const { return words_; }
  std::optional<std::string> Value(std::string_view option) const;
  bool Has(std::string_view flag) const { return values_.find(flag) != values_.end(); }

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace postern::commands
