// A command's end of the control socket. README.md has the protocol.
#pragma once

#include <string>

#include "collector/control/server.h"
#include "shared/base/result.h"

namespace postern::control {

// The JSON of the answer. kNotFound where no collector listens there; kUnavailable where it can't be asked or
// goes away before its answer; otherwise the answer's own error. A command may take as long as it likes.
Result<std::string> Ask(const std::string& path, const std::string& command, const std::string& argument,
                        const Progress& progress);

}  // namespace postern::control
