// `--wait`: a command that revokes, disables, removes, freezes or changes the policy ends when every
// connected host that holds it has acknowledged, and names those that may go on for a while.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cli/api.h"
#include "collector/cli/output.h"
#include "shared/base/result.h"

namespace postern::cli {

// --wait and --timeout, for the table of commands; and the same of a command that changes the policy.
std::vector<command_line::Option> WaitOptions();
std::vector<command_line::Option> PolicyWaitOptions();

// "2 of 3 hosts that hold it have acknowledged".
std::string ProgressText(int64_t acknowledged, int64_t holders);

struct Change {
  std::string_view kind;  // as GET /v1/reach has it: "key", "user", "team", "agent", "freeze", "policy"
  std::string id;         // of the one that is changed; empty for a freeze or a policy
  // Makes the call with this query, and with its body, if any.
  std::function<Result<json::Value>(const Api&, const Query&)> make;
  // Prints what was answered, for people, without its `reach`; unset: as a record.
  std::function<void(const json::Value& answer)> print = {};
};

// Makes the change, waits where that is asked for, and prints what was answered; with --json the answer with
// the last `reach`. Progress and the hosts that may go on are written to standard error. With --wait kDenied
// where some may go on, after all was printed; without it, those that can't be reached are named and it is
// no failure.
Status MakeChange(const Invocation& call, const Change& change);

}  // namespace postern::cli
