// A question to the running agent over agent.sock, and its answer.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::commands {

// Whether an agent listens there: kNotFound when none does, kUnavailable when it can't be asked (say, for
// lack of permission).
Status Reach(const std::string& socket);

// The body of the answer to `method target`, when its status is 200. Errors as Reach; kUnavailable too when
// the agent goes away or takes longer than 30 s; otherwise as BodyOf.
Result<std::string> Ask(const std::string& socket, std::string_view method, std::string_view target);

// The body of a whole HTTP/1.1 answer that ended with its connection. kInvalid with the answer's own sentence
// for 4xx, kUnavailable for other statuses and where the answer breaks off, kCorrupt for anything else.
Result<std::string> BodyOf(std::string_view answer);

}  // namespace postern::commands
