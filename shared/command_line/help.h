// Help texts from a program's table. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/command_line/program.h"

namespace postern::command_line {

// "postern key create --user NAME [OPTIONS]": required options, words, and whether there are others.
std::string UsageLine(const Program& program, const Command& command);

std::string ProgramHelp(const Program& program);
std::string GroupHelp(const Program& program, std::string_view group);
std::string CommandHelp(const Program& program, const Command& command);

// One text as paragraphs: PROGRAM becomes the program's name. Shared with the manual.
struct Paragraph {
  std::string text;
  bool as_is = false;  // its lines are to stay as they are
};
std::vector<Paragraph> Paragraphs(const Program& program, std::string_view text);

// The names of choices, for people: "table, json". Empty where there are none.
std::string ChoicesOf(const Option& option);

inline constexpr std::string_view kExitCodes =
    "Exit codes: 0 done; 1 refused, not found, or there are findings; 2 wrong usage or configuration; 3 what "
    "it "
    "talks to can't be reached.";

}  // namespace postern::command_line
