// Secrets come from a file or standard input, never from the command line, which everybody on the machine
// can read.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::cli {

// What the option names: a file, or "-" for standard input, which is also what is taken where the option
// isn't given. At a terminal it asks with `prompt`, and shows nothing of what is typed. One newline at the
// end is dropped; Cleanse it after use. kInvalid where there is nothing, or more than a secret can be.
Result<std::string> ReadSecret(const command_line::Invocation& call, const std::string& option,
                               const std::string& prompt);

}  // namespace postern::cli
