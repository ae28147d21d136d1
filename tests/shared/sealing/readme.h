// The worked example of shared/sealing/README.md.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "shared/base/hex.h"
#include "tests/support/paths.h"

namespace postern::sealing {

// The bytes after "name = ".
inline std::string Given(const std::string& name) {
  std::ifstream file(support::InSource("shared/sealing/README.md"));
  std::stringstream stream;
  stream << file.rdbuf();
  const std::string text = stream.str();
  const size_t at = text.find("\n    " + name + " = ", text.find("## A worked example"));
  if (at == std::string::npos) return "no " + name;
  const size_t begin = at + name.size() + 8;
  return FromHex(text.substr(begin, text.find_first_of(" \n", begin) - begin)).value_or("not hexadecimal");
}

}  // namespace postern::sealing
