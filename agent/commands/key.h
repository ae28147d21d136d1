// `postern-agent key`: the virtual keys of a lone host.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace postern::commands {

// `arguments` are those after "key". What was asked for goes to `out`, help for a person and errors to `err`.
// A key's text is written once, by `create`, and to `out` alone. Returns the exit code: 0 done, 1 refused or
// not found, 2 wrong usage or configuration.
int RunKeyCommand(std::span<const std::string> arguments, std::ostream& out, std::ostream& err);

}  // namespace postern::commands
