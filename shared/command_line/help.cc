#include "shared/command_line/help.h"

#include <algorithm>
#include <sstream>

namespace postern::command_line {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kWidestName = 30;

// Columns, not bytes: continuation bytes of UTF-8 take no place.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The text in lines of at most kWidth, each after `indent` spaces but the first, which begins at `column`.
std::string Wrap(std::string_view text, size_t indent, size_t column) {
  std::string wrapped;
  std::istringstream words{std::string(text)};
  bool first_of_line = true;
  for (std::string word; words >> word;) {
    if (!first_of_line && column + 1 + Width(word) > kWidth) {
      wrapped += '\n' + std::string(indent, ' ');
      column = indent;
      first_of_line = true;
    }
    wrapped += (first_of_line ? "" : " ") + word;
    column += Width(word) + (first_of_line ? 0 : 1);
    first_of_line = false;
  }
  return wrapped;
}

std::string Row(std::string_view name, std::string_view sentence, size_t width) {
  std::string row = "  " + std::string(name);
  const size_t start = width + 4;
  if (Width(name) > width) {
    row += '\n' + std::string(start, ' ');
  } else {
    row += std::string(start - 2 - Width(name), ' ');
  }
  return row + Wrap(sentence, start, start) + '\n';
}

std::string Rows(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [name, sentence] : rows) {
    if (Width(name) <= kWidestName) width = std::max(width, Width(name));
  }
  std::string text;
  for (const auto& [name, sentence] : rows) text += Row(name, sentence, width);
  return text;
}

std::string Prose(const Program& program, std::string_view text) {
  std::string prose;
  for (const Paragraph& paragraph : Paragraphs(program, text)) {
    prose += '\n' + (paragraph.as_is ? paragraph.text : Wrap(paragraph.text, 0, 0)) + '\n';
  }
  return prose;
}

std::string_view FirstWord(std::string_view name) { return name.substr(0, name.find(' ')); }

// One row a group, one a command that is in none, in the table's order.
std::vector<std::pair<std::string, std::string>> TopRows(const Program& program) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : program.commands) {
    const std::string first(FirstWord(command.name));
    const auto group = std::find_if(program.groups.begin(), program.groups.end(),
                                    [&](const Entry& entry) { return entry.name == first; });
    const std::string sentence(group == program.groups.end() ? command.sentence : group->sentence);
    const bool there =
        std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.first == first; });
    if (!there) rows.emplace_back(first, sentence);
  }
  return rows;
}

}  // namespace

std::vector<Paragraph> Paragraphs(const Program& program, std::string_view text) {
  std::string whole(text);
  constexpr std::string_view kName = "PROGRAM";
  for (size_t at = whole.find(kName); at != std::string::npos; at = whole.find(kName, at))
    whole.replace(at, kName.size(), program.name);
  std::vector<Paragraph> paragraphs;
  while (!whole.empty()) {
    const size_t end = std::min(whole.find("\n\n"), whole.size());
    std::string part = whole.substr(0, end);
    whole.erase(0, std::min(end + 2, whole.size()));
    if (!part.empty()) paragraphs.push_back({part, part.starts_with("  ")});
  }
  return paragraphs;
}

std::string ChoicesOf(const Option& option) {
  std::string choices;
  for (const std::string_view choice : option.choices)
    choices += (choices.empty() ? "" : ", ") + std::string(choice);
  return choices;
}

std::string UsageLine(const Program& program, const Command& command) {
  std::string line = std::string(program.name) + " " + std::string(command.name);
  bool others = false;
  for (const Option& option : command.options) {
    if (option.need == Need::kRequired) {
      line += " --" + std::string(option.name) + " " + std::string(option.value);
    } else {
      others = true;
    }
  }
  if (others) line += " [OPTIONS]";
  if (!command.words.empty()) line += " " + std::string(command.words);
  return line;
}

std::string ProgramHelp(const Program& program) {
  std::string help = std::string(program.name) + ": " + std::string(program.sentence) +
                     "\n\nusage: " + std::string(program.name) + " COMMAND [OPTIONS]\n\n" +
                     Rows(TopRows(program)) +
                     "\n  --help      help, also of each command\n  --version   the version\n";
  return help + '\n' + Wrap(kExitCodes, 0, 0) + '\n';
}

std::string GroupHelp(const Program& program, std::string_view group) {
  std::string help =
      "usage: " + std::string(program.name) + " " + std::string(group) + " COMMAND [OPTIONS]\n";
  for (const Entry& entry : program.groups) {
    if (entry.name == group) help += Prose(program, entry.sentence);
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : program.commands) {
    if (command.name.starts_with(group) && command.name.size() > group.size() &&
        command.name[group.size()] == ' ')
      rows.emplace_back(command.name.substr(group.size() + 1), command.sentence);
  }
  return help + '\n' + Rows(rows);
}

std::string CommandHelp(const Program& program, const Command& command) {
  std::string help = "usage: " + UsageLine(program, command) + "\n" + Prose(program, command.sentence) +
                     Prose(program, command.details) + "\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Option& option : command.options) {
    std::string sentence(option.sentence);
    if (!option.choices.empty()) sentence += " One of " + ChoicesOf(option) + ".";
    rows.emplace_back(
        "--" + std::string(option.name) + (option.value.empty() ? "" : " ") + std::string(option.value),
        sentence);
  }
  rows.emplace_back("--help", "This text.");
  return help + Rows(rows) + '\n' + Wrap(kExitCodes, 0, 0) + '\n';
}

}  // namespace postern::command_line
