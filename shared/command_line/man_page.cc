#include "shared/command_line/man_page.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "shared/base/version.h"
#include "shared/command_line/help.h"

namespace postern::command_line {
namespace {

// A character beyond ASCII, by its number, since not every roff reads UTF-8: "ü" is \[u00FC]. The texts are
// our own, so they are well formed. (An ellipsis becomes three dots, which every device has.)
std::string ByNumber(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  uint32_t number = lead & (0xffU >> (size + 1));
  for (size_t i = 1; i < size && at + 1 < text.size(); ++i)
    number = number << 6U | (static_cast<unsigned char>(text[++at]) & 0x3fU);
  constexpr uint32_t kEllipsis = 0x2026;
  if (number == kEllipsis) return "...";
  char name[16];
  std::snprintf(name, sizeof name, "\\[u%04X]", number);
  return name;
}

// Text that roff prints as it is: no escapes, no dashes that turn into hyphens, no line that is a request.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c & 0x80) != 0) {
      escaped += ByNumber(text, i);
    } else if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) {
      escaped += "\\&";
      escaped += c;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Bold(std::string_view text) { return "\\fB" + Escape(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + Escape(text) + "\\fR"; }

std::string Title(const Program& program, std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return ".TH " + Escape(upper) + " " + std::to_string(program.section) + " \"\" \"Postern " +
         kVersion.data() + "\" \"Postern\"\n";
}

std::string Prose(const Program& program, std::string_view text) {
  std::string prose;
  for (const Paragraph& paragraph : Paragraphs(program, text)) {
    prose += paragraph.as_is ? ".PP\n.nf\n" + Escape(paragraph.text) + "\n.fi\n"
                             : ".PP\n" + Escape(paragraph.text) + "\n";
  }
  return prose;
}

std::string Synopsis(const Program& program, const Command& command) {
  std::string line = Bold(std::string(program.name) + " " + std::string(command.name));
  bool others = false;
  for (const Option& option : command.options) {
    if (option.need == Need::kRequired) {
      line += " " + Bold("--" + std::string(option.name)) + " " + Italic(option.value);
    } else {
      others = true;
    }
  }
  if (others) line += " [" + Italic("OPTIONS") + "]";
  if (!command.words.empty()) line += " " + Italic(command.words);
  return line + "\n";
}

std::string Options(const Command& command) {
  std::string text;
  for (const Option& option : command.options) {
    std::string name = Bold("--" + std::string(option.name));
    if (!option.value.empty()) name += " " + Italic(option.value);
    text += ".TP\n" + name + "\n" + Escape(option.sentence);
    if (!option.choices.empty()) text += " One of " + Escape(ChoicesOf(option)) + ".";
    text += "\n";
  }
  return text;
}

std::string Entries(const Program& program, std::string_view title, const std::vector<Entry>& entries) {
  if (entries.empty()) return "";
  std::string text = ".SH " + std::string(title) + "\n";
  for (const Entry& entry : entries) {
    text += ".TP\n" + Bold(entry.name) + "\n";
    for (const Paragraph& paragraph : Paragraphs(program, entry.sentence))
      text += Escape(paragraph.text) + "\n";
  }
  return text;
}

const std::vector<Entry>& ExitStatus() {
  static const std::vector<Entry> kEntries{{"0", "done"},
                                           {"1", "refused, not found, or there are findings"},
                                           {"2", "wrong usage or configuration"},
                                           {"3", "what it talks to can't be reached"}};
  return kEntries;
}

}  // namespace

std::string ManPage(const Program& program) {
  std::string page = Title(program, program.name) + ".SH NAME\n" + Escape(program.name) + " \\- " +
                     Escape(program.sentence) + "\n.SH SYNOPSIS\n" + Bold(program.name) + " " +
                     Italic("COMMAND") + " [" + Italic("OPTIONS") + "]\n.SH DESCRIPTION\n" +
                     Prose(program, program.description) + ".SH COMMANDS\n";
  for (const Command& command : program.commands) {
    page += ".SS " + Escape(command.name) + "\n" + Synopsis(program, command) +
            Prose(program, command.sentence) + Prose(program, command.details) + Options(command);
  }
  return page + Entries(program, "FILES", program.files) +
         Entries(program, "ENVIRONMENT", program.environment) +
         Entries(program, "EXIT STATUS", ExitStatus()) + Entries(program, "EXAMPLES", program.examples);
}

std::string ManPage(const Program& program, const Command& command) {
  std::string name = std::string(program.name) + " " + std::string(command.name);
  std::replace(name.begin(), name.end(), ' ', '-');
  return Title(program, name) + ".SH NAME\n" + Escape(name) + " \\- " + Escape(command.sentence) +
         "\n.SH SYNOPSIS\n" + Synopsis(program, command) + ".SH DESCRIPTION\n" +
         Prose(program, command.sentence) + Prose(program, command.details) +
         (command.options.empty() ? "" : ".SH OPTIONS\n") + Options(command) +
         Entries(program, "ENVIRONMENT", program.environment) +
         Entries(program, "EXIT STATUS", ExitStatus()) + ".SH SEE ALSO\n" + Bold(program.name) + "(" +
         std::to_string(program.section) + ")\n";
}

}  // namespace postern::command_line
