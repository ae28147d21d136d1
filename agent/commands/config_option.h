// The options that commands have in common: --config FILE, --json, --help.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/config.h"

namespace postern::commands {

struct ConfigOption {
  std::optional<int> exit_code;  // set: the command is over (help was asked for, or the usage was wrong)
  std::filesystem::path config_file;
  bool json = false;
};

// For a command without words of its own. Writes help to `out` and errors to `err`.
ConfigOption ReadConfigOption(std::string_view command, std::string_view help,
                              std::span<const std::string> words, std::ostream& out, std::ostream& err);

inline constexpr std::string_view kDefaultConfig = "/etc/postern/agent.yaml";

}  // namespace postern::commands
