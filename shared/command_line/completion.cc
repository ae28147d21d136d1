#include "shared/command_line/completion.h"

#include <algorithm>
#include <sstream>

namespace postern::command_line {
namespace {

// What may come at one place, with its sentence.
struct Candidate {
  std::string word;
  std::string_view sentence;
};

// A place on the command line: after these command words.
struct Place {
  std::string command;  // "", "key", "key create"
  std::vector<Candidate> candidates;
  Completes words = Completes::kNothing;  // what else may stand there
  const Command* full = nullptr;          // where the words are a whole command
};

std::string FirstWord(std::string_view name) { return std::string(name.substr(0, name.find(' '))); }

Completes WordsOf(const Command& command) {
  if (command.words.find("DIR") != std::string_view::npos) return Completes::kDirectories;
  return command.words.find("FILE") != std::string_view::npos ? Completes::kFiles : Completes::kNothing;
}

// "bash|zsh|fish": the words that may be given, where the table lists them.
std::vector<std::string> ListedWords(const Command& command) {
  std::vector<std::string> listed;
  if (command.words.find('|') == std::string_view::npos || command.words.find('[') != std::string_view::npos)
    return listed;
  std::istringstream words{std::string(command.words)};
  for (std::string word; std::getline(words, word, '|');) listed.push_back(word);
  return listed;
}

void AddOnce(std::vector<Candidate>& candidates, std::string word, std::string_view sentence) {
  const bool there = std::any_of(candidates.begin(), candidates.end(),
                                 [&](const Candidate& candidate) { return candidate.word == word; });
  if (!there) candidates.push_back({std::move(word), sentence});
}

Place& At(std::vector<Place>& places, const std::string& command) {
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](const Place& place) { return place.command == command; });
  if (found != places.end()) return *found;
  places.push_back({.command = command, .candidates = {}});
  return places.back();
}

std::string_view GroupSentence(const Program& program, std::string_view group, std::string_view otherwise) {
  for (const Entry& entry : program.groups) {
    if (entry.name == group) return entry.sentence.substr(0, entry.sentence.find("\n\n"));
  }
  return otherwise;
}

std::vector<Place> PlacesOf(const Program& program) {
  std::vector<Place> places;
  At(places, "");
  for (const Command& command : program.commands) {
    const std::string first = FirstWord(command.name);
    AddOnce(At(places, "").candidates, first, GroupSentence(program, first, command.sentence));
    if (first.size() < command.name.size())
      AddOnce(At(places, first).candidates, std::string(command.name.substr(first.size() + 1)),
              command.sentence);
    Place& place = At(places, std::string(command.name));
    place.full = &command;
    place.words = WordsOf(command);
    for (const std::string& word : ListedWords(command)) AddOnce(place.candidates, word, "");
    for (const Option& option : command.options)
      AddOnce(place.candidates, "--" + std::string(option.name), option.sentence);
  }
  for (Place& place : places) AddOnce(place.candidates, "--help", "Help.");
  AddOnce(At(places, "").candidates, "--version", "The version.");
  return places;
}

// In single quotes, for any of the shells.
std::string Quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string FunctionName(const Program& program) {
  std::string name = "_" + std::string(program.name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string Joined(const std::vector<Candidate>& candidates) {
  std::string words;
  for (const Candidate& candidate : candidates) words += (words.empty() ? "" : " ") + candidate.word;
  return words;
}

std::string Joined(const std::vector<std::string_view>& choices) {
  std::string words;
  for (const std::string_view choice : choices) words += (words.empty() ? "" : " ") + std::string(choice);
  return words;
}

// The lines of a case statement of bash and zsh that follow the words of a command: `command` is afterwards
// the longest one that has been typed.
std::string FollowCommand(const std::vector<Place>& places) {
  std::string patterns;
  for (const Place& place : places) {
    if (place.command.empty()) continue;
    const bool two = place.command.find(' ') != std::string::npos;
    patterns += (patterns.empty() ? "" : "|") + Quote((two ? "" : " ") + place.command);
  }
  return "    case \"$command $word\" in\n      " + patterns +
         ") command=\"${command:+$command }$word\" ;;\n    esac\n";
}

}  // namespace

std::string BashCompletion(const Program& program) {
  const std::vector<Place> places = PlacesOf(program);
  const std::string name = FunctionName(program);
  std::string script =
      "# Completion of " + std::string(program.name) + " for bash.\n" + name +
      "() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= word i\n"
      "  # --option=value comes as three words.\n"
      "  if [[ $current == = ]]; then current=\n"
      "  elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n" +
      FollowCommand(places) + "  done\n  case \"$command $before\" in\n";
  for (const Place& place : places) {
    if (place.full == nullptr) continue;
    for (const Option& option : place.full->options) {
      if (option.value.empty()) continue;
      script += "    " + Quote(place.command + " --" + std::string(option.name)) + ") ";
      if (!option.choices.empty()) {
        script += "COMPREPLY=($(compgen -W " + Quote(Joined(option.choices)) + " -- \"$current\")); ";
      } else if (option.completes != Completes::kNothing) {
        script += std::string("compopt -o filenames; COMPREPLY=($(compgen ") +
                  (option.completes == Completes::kFiles ? "-f" : "-d") + " -- \"$current\")); ";
      }
      script += "return ;;\n";
    }
  }
  script += "  esac\n  case \"$command\" in\n";
  for (const Place& place : places) {
    script += "    " + Quote(place.command) + ") COMPREPLY=($(compgen -W " + Quote(Joined(place.candidates)) +
              " -- \"$current\"))";
    if (place.words != Completes::kNothing)
      script += std::string("; [[ $current == -* ]] || { compopt -o filenames; COMPREPLY=($(compgen ") +
                (place.words == Completes::kFiles ? "-f" : "-d") + " -- \"$current\")); }";
    script += " ;;\n";
  }
  return script + "  esac\n}\ncomplete -F " + name + " " + std::string(program.name) + "\n";
}

std::string ZshCompletion(const Program& program) {
  const std::vector<Place> places = PlacesOf(program);
  const std::string name = FunctionName(program);
  std::string script = "#compdef " + std::string(program.name) + "\n# Completion of " +
                       std::string(program.name) + " for zsh.\n" + name +
                       "() {\n  local command= word i\n  local -a candidates\n"
                       "  for ((i = 2; i < CURRENT; i++)); do\n    word=$words[i]\n" +
                       FollowCommand(places) + "  done\n  case \"$command $words[CURRENT-1]\" in\n";
  for (const Place& place : places) {
    if (place.full == nullptr) continue;
    for (const Option& option : place.full->options) {
      if (option.value.empty()) continue;
      script += "    " + Quote(place.command + " --" + std::string(option.name)) + ") ";
      if (!option.choices.empty()) {
        script += "compadd -- " + Joined(option.choices) + "; ";
      } else if (option.completes != Completes::kNothing) {
        script += option.completes == Completes::kFiles ? "_files; " : "_files -/; ";
      }
      script += "return ;;\n";
    }
  }
  script += "  esac\n  case \"$command\" in\n";
  for (const Place& place : places) {
    script += "    " + Quote(place.command) + ")\n      candidates=(\n";
    for (const Candidate& candidate : place.candidates)
      script += "        " + Quote(candidate.word + ":" + std::string(candidate.sentence)) + "\n";
    script += "      )\n      _describe " + Quote(std::string(program.name)) + " candidates";
    if (place.words != Completes::kNothing)
      script += place.words == Completes::kFiles ? "\n      _files" : "\n      _files -/";
    script += " ;;\n";
  }
  return script + "  esac\n}\nif [ \"$funcstack[1]\" = " + name + " ]; then " + name +
         " \"$@\"; else compdef " + name + " " + std::string(program.name) + "; fi\n";
}

std::string FishCompletion(const Program& program) {
  const std::vector<Place> places = PlacesOf(program);
  const std::string at = "_" + FunctionName(program) + "_at";
  const std::string start = "complete -c " + std::string(program.name);
  std::string known;
  for (const Place& place : places) {
    if (!place.command.empty()) known += " " + Quote(place.command);
  }
  std::string script = "# Completion of " + std::string(program.name) + " for fish.\nfunction " + at +
                       "\n    set -l command ''\n    for token in (commandline -opc)[2..-1]\n"
                       "        set -l longer (string trim -- \"$command $token\")\n"
                       "        if contains -- \"$longer\"" +
                       known +
                       "\n            set command $longer\n        end\n    end\n"
                       "    test \"$command\" = \"$argv[1]\"\nend\n" +
                       start + " -f\n";
  for (const Place& place : places) {
    const std::string here = start + " -n \"" + at + " '" + place.command + "'\"";
    for (const Candidate& candidate : place.candidates) {
      if (candidate.word.starts_with("--")) continue;
      script += here + " -a " + candidate.word + " -d " + Quote(candidate.sentence) + "\n";
    }
    script += here + " -l help -d 'Help.'\n";
    if (place.command.empty()) script += here + " -l version -d 'The version.'\n";
    if (place.full == nullptr) continue;
    if (place.words == Completes::kFiles) script += here + " -F\n";
    if (place.words == Completes::kDirectories) script += here + " -a '(__fish_complete_directories)'\n";
    for (const Option& option : place.full->options) {
      script += here + " -l " + std::string(option.name) + " -d " + Quote(option.sentence);
      if (!option.choices.empty()) {
        script += " -x -a " + Quote(Joined(option.choices));
      } else if (option.completes == Completes::kFiles) {
        script += " -r -F";
      } else if (option.completes == Completes::kDirectories) {
        script += " -x -a '(__fish_complete_directories)'";
      } else if (!option.value.empty()) {
        script += " -x";
      }
      script += "\n";
    }
  }
  return script;
}

}  // namespace postern::command_line
