// A few rules that compile in no time, and secrets that they find.
#pragma once

#include <memory>
#include <string>

#include "agent/screening/screen.h"
#include "shared/secrets/scanner.h"

namespace postern::screening {

// Finds badges: "badge-" and 24 hexadecimal digits, wherever; what is assigned to "secret"; and blocks
// between "BEGIN KEY" and "END KEY".
std::shared_ptr<const secrets::Scanner> SmallScanner();

// A badge; another for each number.
std::string BadgeOf(int number);

std::shared_ptr<const HostKeys> SomeKeys();

// By the small rules and without a policy.
Terms SmallTerms();
// By this policy: the rest of a file whose organisation begins with "name: example".
Terms TermsOf(const std::string& policy);

// Where the programs of all tests keep the built-in rules, compiled once.
std::string SharedCache();

}  // namespace postern::screening
