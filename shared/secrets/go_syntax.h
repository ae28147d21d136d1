// Expressions as Go writes them and RE2 doesn't: Gitleaks is written in Go. Only shared/secrets includes
// this.
#pragma once

#include <string>
#include <string_view>

namespace postern::secrets {

// The same expression in RE2's syntax: (?<name>…) as (?P<name>…), and names of Unicode's classes in their
// proper case (\p{latin}, \pl). What neither knows stays as it is.
std::string ForRe2(std::string_view expression);

}  // namespace postern::secrets
