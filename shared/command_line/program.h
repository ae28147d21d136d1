// A program's commands as one table. What the command line takes, the help texts, the manual and the shells'
// completion all come from it, so they can't say different things.
//
//   const Program program{.name = "postern", .sentence = "…", .commands = {
//       {.name = "key create", .sentence = "Makes a key.", .options = {…}, .run = CreateKey}, …}};
//   return Run(program, words, std::cin, std::cout, std::cerr);
//
// Exit codes, of every program: 0 done; 1 refused, not found, or there are findings; 2 wrong usage or
// configuration; 3 what it talks to can't be reached.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/arguments.h"
#include "shared/command_line/option.h"

namespace postern::command_line {

inline constexpr int kDone = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCannotReach = 3;

// kInvalid is wrong usage, kUnavailable can't be reached, the others are refusals.
int ExitCode(const Error& error);

struct Program;
struct Command;

// One command line, understood: its words are counted, its options known. Borrowed for the command's time.
struct Invocation {
  const Program& program;
  const Command& command;
  const Arguments& arguments;  // the words after the command's name
  std::istream& in;
  std::ostream& out;
  std::ostream& err;

  // Writes "postern key create: sentence" to `err`; the exit code.
  int Fail(const Error& error) const;
  const std::string& word(size_t index) const { return arguments.words()[index]; }
  size_t word_count() const { return arguments.words().size(); }
};

struct Command {
  std::string_view name;          // one word or two: "run", "key create"
  std::string_view words{};       // what else it takes, in order: "ID [NAME] FILE…"
  std::string_view sentence;      // what it does, for lists of commands
  std::string_view details{};     // more of it; paragraphs apart by an empty line, lines with two spaces kept
  std::vector<Option> options{};  // --help is everywhere
  int (*run)(const Invocation&) = nullptr;
};

// A name and what it means.
struct Entry {
  std::string_view name;
  std::string_view sentence;
};

struct Program {
  std::string_view name;
  std::string_view sentence;     // "the gate between Claude Code and …": as in the manual's NAME
  std::string_view description;  // as Command::details
  int section = 1;               // of the manual: 1 commands, 8 daemons
  std::vector<Entry> groups{};   // what the first words of two-word commands are about
  std::vector<Command> commands{};
  std::vector<Entry> files{};
  std::vector<Entry> environment{};
  std::vector<Entry> examples{};  // command lines and what they do
};

// Prints help, the manual or the version, or runs the command that the words name. A command line that is
// wrong gives a sentence, with the nearest known word, and 2.
int Run(const Program& program, std::span<const std::string> words, std::istream& in, std::ostream& out,
        std::ostream& err);

// main() for all programs but their table.
int RunMain(const Program& program, int argc, char** argv);

// `man [COMMAND]` and `completion SHELL`, for a program's table.
Command ManCommand();
Command CompletionCommand();

// The command with this name; nothing else than its whole name counts.
const Command* FindCommand(const Program& program, std::string_view name);

// How many words a command takes.
struct WordCount {
  size_t least = 0;
  size_t most = 0;
};
WordCount CountWords(const Command& command);

}  // namespace postern::command_line
