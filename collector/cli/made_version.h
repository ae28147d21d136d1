// Commands that make a version of the policy: apply, rollback, and changes of single limits.
#pragma once

#include <string>

#include "collector/cli/output.h"
#include "shared/command_line/program.h"
#include "shared/rest/client.h"

namespace postern::cli {

// Makes the call, waits for the hosts where that is asked for (only then they are asked after), and prints
// what became of it: the version and what it changes for whom, or why there is none. The exit code. `file`:
// what the policy's text is called in sentences.
int MakeVersion(const Invocation& call, const rest::Call& request, const std::string& file);

inline const command_line::Option kForceOption{
    .name = "force",
    .sentence = "Also where it locks everybody out, or names a model or team that isn't there."};

}  // namespace postern::cli
