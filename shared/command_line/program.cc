#include "shared/command_line/program.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <sstream>

#include "shared/base/edit_distance.h"
#include "shared/base/version.h"
#include "shared/command_line/completion.h"
#include "shared/command_line/help.h"
#include "shared/command_line/man_page.h"

namespace postern::command_line {
namespace {

bool IsHelp(std::string_view word) { return word == "--help" || word == "-h"; }

bool IsGroup(const Program& program, std::string_view word) {
  return std::any_of(program.commands.begin(), program.commands.end(), [&](const Command& command) {
    return command.name.size() > word.size() && command.name.starts_with(word) &&
           command.name[word.size()] == ' ';
  });
}

// What may stand after "postern", or after "postern key".
std::vector<std::string_view> NextWords(const Program& program, std::string_view group) {
  std::vector<std::string_view> words;
  for (const Command& command : program.commands) {
    std::string_view name = command.name;
    if (!group.empty()) {
      if (!name.starts_with(group) || name.size() <= group.size() || name[group.size()] != ' ') continue;
      name.remove_prefix(group.size() + 1);
    }
    name = name.substr(0, name.find(' '));
    if (std::find(words.begin(), words.end(), name) == words.end()) words.push_back(name);
  }
  return words;
}

int NoSuchCommand(const Program& program, std::string_view group, std::string_view word, std::ostream& err) {
  const std::string line = std::string(program.name) + (group.empty() ? "" : " ") + std::string(group);
  const auto words = NextWords(program, group);
  if (word.starts_with('-')) {
    err << line << ": options stand behind the command\nSee " << line << " --help.\n";
    return kUsage;
  }
  err << line << ": there is no command ";
  if (const std::string quoted = Quoted(word); quoted.front() == '"') {
    err << quoted << DidYouMean(word, words);
  } else {
    err << "of that name";
  }
  err << "\nSee " << line << " --help.\n";
  return kUsage;
}

int RunCommand(const Program& program, const Command& command, std::span<const std::string> words,
               std::istream& in, std::ostream& out, std::ostream& err) {
  const auto last = std::find(words.begin(), words.end(), "--");
  if (std::any_of(words.begin(), last, IsHelp)) {
    out << CommandHelp(program, command);
    return kDone;
  }
  const std::string line = std::string(program.name) + " " + std::string(command.name);
  const auto arguments = Arguments::Parse(words, command.options);
  const auto wrong = [&](std::string_view what) {
    err << line << ": " << what << "\nusage: " << UsageLine(program, command) << "\n";
    return kUsage;
  };
  if (!arguments) return wrong(arguments.error().message);
  const WordCount count = CountWords(command);
  const size_t given = arguments->words().size();
  if (given < count.least) return wrong("something is missing: " + std::string(command.words));
  if (given > count.most)
    return wrong(count.most == 0 ? "it takes options only, and there is a word more"
                                 : "there is a word too many");
  return command.run({program, command, *arguments, in, out, err});
}

struct Resolved {
  const Command* command = nullptr;
  size_t named_by = 0;  // so many words
};

// Two words name a command before one does: "events verify" stands beside "events".
Resolved Resolve(const Program& program, std::span<const std::string> words) {
  if (words.size() > 1) {
    if (const Command* command = FindCommand(program, words[0] + " " + words[1]); command != nullptr)
      return {command, 2};
  }
  if (words.empty()) return {};
  return {FindCommand(program, words[0]), 1};
}

int PrintHelp(const Program& program, std::span<const std::string> words, std::ostream& out,
              std::ostream& err) {
  if (words.empty()) {
    out << ProgramHelp(program);
    return kDone;
  }
  if (const Command* command = Resolve(program, words).command; command != nullptr) {
    out << CommandHelp(program, *command);
    return kDone;
  }
  if (!IsGroup(program, words[0])) return NoSuchCommand(program, "", words[0], err);
  if (words.size() > 1) return NoSuchCommand(program, words[0], words[1], err);
  out << GroupHelp(program, words[0]);
  return kDone;
}

int RunMan(const Invocation& call) {
  if (call.word_count() == 0) {
    call.out << ManPage(call.program);
    return kDone;
  }
  const Command* command = Resolve(call.program, call.arguments.words()).command;
  if (command == nullptr)
    return call.Fail({ErrorCode::kInvalid,
                      "there is no command of that name; groups have their page in the "
                      "program's own"});
  call.out << ManPage(call.program, *command);
  return kDone;
}

int RunCompletion(const Invocation& call) {
  const std::string& shell = call.word(0);
  constexpr std::pair<std::string_view, std::string (*)(const Program&)> kShells[] = {
      {"bash", BashCompletion}, {"zsh", ZshCompletion}, {"fish", FishCompletion}};
  for (const auto& [name, script] : kShells) {
    if (shell != name) continue;
    call.out << script(call.program);
    return kDone;
  }
  return call.Fail({ErrorCode::kInvalid, "allowed is bash, zsh or fish"});
}

}  // namespace

int ExitCode(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid: return kUsage;
    case ErrorCode::kUnavailable: return kCannotReach;
    case ErrorCode::kDenied:
    case ErrorCode::kNotFound:
    case ErrorCode::kExhausted:
    case ErrorCode::kCorrupt: return kRefused;
  }
  return kRefused;
}

int Invocation::Fail(const Error& error) const {
  err << program.name << ' ' << command.name << ": " << error.message << '\n';
  return ExitCode(error);
}

const Command* FindCommand(const Program& program, std::string_view name) {
  const auto found = std::find_if(program.commands.begin(), program.commands.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == program.commands.end() ? nullptr : &*found;
}

WordCount CountWords(const Command& command) {
  WordCount count;
  std::istringstream words{std::string(command.words)};
  for (std::string word; words >> word;) {
    if (!word.starts_with('[')) ++count.least;
    ++count.most;
    if (word.ends_with("…") || word.ends_with("…]")) count.most = std::numeric_limits<size_t>::max() / 2;
  }
  return count;
}

int Run(const Program& program, std::span<const std::string> words, std::istream& in, std::ostream& out,
        std::ostream& err) {
  if (words.empty()) {
    err << ProgramHelp(program);
    return kUsage;
  }
  const std::string& first = words.front();
  if (IsHelp(first) || first == "help") return PrintHelp(program, words.subspan(1), out, err);
  if (first == "--version") {
    out << program.name << ' ' << kVersion << '\n';
    return kDone;
  }
  if (const auto [command, named_by] = Resolve(program, words); command != nullptr)
    return RunCommand(program, *command, words.subspan(named_by), in, out, err);
  if (!IsGroup(program, first)) return NoSuchCommand(program, "", first, err);
  if (words.size() > 1 && !IsHelp(words[1])) return NoSuchCommand(program, first, words[1], err);
  (words.size() == 1 ? err : out) << GroupHelp(program, first);
  return words.size() == 1 ? kUsage : kDone;
}

int RunMain(const Program& program, int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return Run(program, words, std::cin, std::cout, std::cerr);
}

Command ManCommand() {
  return {.name = "man",
          .words = "[COMMAND] [SUBCOMMAND]",
          .sentence = "Prints the manual, of the program or of one command, for man(1).",
          .details = "Read it with:  man -l <(PROGRAM man)",
          .run = RunMan};
}

Command CompletionCommand() {
  return {.name = "completion",
          .words = "bash|zsh|fish",
          .sentence = "Prints the script by which a shell completes this program's command lines.",
          .details =
              "bash:  put  source <(PROGRAM completion bash)  into ~/.bashrc.\n\n"
              "zsh:   write it to a file named _PROGRAM in a directory of $fpath.\n\n"
              "fish:  write it to ~/.config/fish/completions/PROGRAM.fish.",
          .run = RunCompletion};
}

}  // namespace postern::command_line
