// One option of a command, as data: from it come what the command line takes, its help, its page of the
// manual and what a shell completes.
#pragma once

#include <string_view>
#include <vector>

namespace postern::command_line {

enum class Need { kOptional, kRequired };

// What a shell offers as its value where there are no choices.
enum class Completes { kNothing, kFiles, kDirectories };

struct Option {
  std::string_view name;                    // "config", without dashes
  std::string_view value{};                 // "FILE"; empty: a flag, which takes none
  std::string_view sentence;                // for people, with a full stop
  std::vector<std::string_view> choices{};  // only these are taken, where there are any
  Completes completes = Completes::kNothing;
  Need need = Need::kOptional;
};

// One list after the other.
std::vector<Option> Join(std::vector<Option> first, std::vector<Option> second);

}  // namespace postern::command_line
