// Policies of a few lines, for tests.
#pragma once

#include <string>

#include "shared/policy/compiled.h"
#include "shared/policy/policy_file.h"

namespace postern::policy {

// 23 November 2026, a Monday, 12:00 UTC.
inline const WallTime kNoon{std::chrono::seconds(1'795'435'200)};

// The rest of a file whose organisation begins with "name: example"; what is indented by two belongs to it.
Result<PolicyFile> ReadText(const std::string& rest);
// The same, which must be sound. Version 7.
wire::Policy PolicyOf(const std::string& rest);
Compiled CompiledOf(const std::string& rest, const Catalogue& catalogue);

// Of the zone Europe/Berlin until 2046, made up by its rule alone.
std::string BerlinFile();

// Some models, with aliases.
const Catalogue& SmallCatalogue();

}  // namespace postern::policy
