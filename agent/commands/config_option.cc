#include "agent/commands/config_option.h"

#include <algorithm>
#include <ostream>

#include "agent/commands/arguments.h"

namespace postern::commands {

ConfigOption ReadConfigOption(std::string_view command, std::string_view help,
                              std::span<const std::string> words, std::ostream& out, std::ostream& err) {
  ConfigOption option;
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    out << help;
    option.exit_code = 0;
    return option;
  }
  const auto arguments = Arguments::Parse(words, {"config"}, {"json"});
  if (!arguments || !arguments->words().empty()) {
    err << "postern-agent " << command << ": "
        << (arguments ? "what is \"" + arguments->words().front() + "\"?" : arguments.error().message) << '\n'
        << help;
    option.exit_code = 2;
    return option;
  }
  option.config_file = arguments->Value("config").value_or(std::string(kDefaultConfig));
  option.json = arguments->Has("json");
  return option;
}

}  // namespace postern::commands
