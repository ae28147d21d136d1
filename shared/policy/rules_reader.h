// Reads what one level of a policy's file says: its lists, caps, times and texts. Private to this directory.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/policy/policy_file.h"
#include "shared/wire/policy.pb.h"

// Keys of every level; a team has "teams" besides, a group "users", the organisation "name" and "time_zone".
#define POSTERN_RULE_KEYS                                                                                 \
  "models", "providers", "credentials", "tools", "on_denied_tool", "hosts", "os_users", "residency",      \
      "context_tokens", "max_tokens", "on_exceed", "hours", "expires", "may_widen", "message", "secrets", \
      "restore"

namespace postern::policy {

// Thread-compatible.
class RulesReader {
 public:
  // Lines of rules are noted in `file`, which outlives it; dates are read in its policy's time zone.
  explicit RulesReader(PolicyFile& file) : file_(file) {}

  // `prefix`: of the level's rules, "teams.ml.". kInvalid, with file, line and what is allowed.
  Status Read(const config::Map& map, const std::string& prefix, wire::Rules& rules);

  // Names, one after the other, each with its line.
  template <class Add>
  Status ReadNames(const config::Node& node, const std::string& rule, const Add& add) {
    return ReadList(node, rule, CheckName, add);
  }

  void Note(const std::string& rule, const config::Node& node) { file_.lines[rule] = node.line(); }

  // A date, in the organisation's time zone, or a time: seconds since 1970.
  Result<int64_t> ReadDate(const config::Node& node) const;

  // kInvalid for what is no name of a team, user, …
  static Status CheckName(const config::Node& node, const std::string& name);

 private:
  Status ReadPatterns(const config::Node& node, const std::string& rule, wire::Patterns& patterns);
  Status ReadCaps(const config::Map& map, const std::string& prefix, wire::Rules& rules);
  Status ReadTimes(const config::Map& map, const std::string& prefix, wire::Rules& rules);
  static Status ReadStretches(const config::Node& node, wire::Rules& rules);

  template <class Check, class Add>
  Status ReadList(const config::Node& node, const std::string& rule, const Check& check, const Add& add) {
    ASSIGN_OR_RETURN(const auto items, node.AsList());
    for (size_t i = 0; i < items.size(); ++i) {
      ASSIGN_OR_RETURN(std::string text, items[i].AsString());
      RETURN_IF_ERROR(check(items[i], text));
      Note(rule + "[" + std::to_string(i) + "]", items[i]);
      add(std::move(text));
    }
    return Ok{};
  }

  PolicyFile& file_;
};

}  // namespace postern::policy
