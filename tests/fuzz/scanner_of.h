// A scanner by rules that a fuzzer brings along.
#pragma once

#include <string_view>
#include <utility>

#include "shared/base/check.h"
#include "shared/secrets/rule_file.h"
#include "shared/secrets/scanner.h"

namespace postern::fuzz {

inline secrets::Scanner ScannerOf(std::string_view rules) {
  const auto read = secrets::ReadRules(rules, "fuzz.toml", {});
  CHECK(read);
  auto made = secrets::Scanner::Make(*read, {});
  CHECK(made);
  return *std::move(made);
}

}  // namespace postern::fuzz
