// Goes through what a snapshot says. Private to this directory.
#pragma once

#include <functional>

#include "shared/policy/tables.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

const wire::Patterns& PatternsOf(const wire::Rules& rules, Kind kind);

// Whether there is a list at all, be it an empty one of what is allowed.
bool SaysSomething(const wire::Patterns& patterns);

// Of all levels: the organisation's, teams', groups', users', keys'.
void ForEachRules(const wire::Policy& policy, const std::function<void(const wire::Rules&)>& see);

// Lists and the patterns in them, of all levels.
size_t CountPatterns(const wire::Policy& policy);

}  // namespace postern::policy
