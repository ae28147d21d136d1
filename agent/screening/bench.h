// Where one thread scans: a workspace fits one scanner. Only agent/screening includes this.
#pragma once

#include <memory>
#include <optional>

#include "agent/screening/screening.h"

namespace postern::screening {

// Thread-compatible.
struct Screening::Bench {
  std::shared_ptr<const secrets::Scanner> scanner;
  std::optional<secrets::Workspace> workspace;

  secrets::Workspace& For(const std::shared_ptr<const secrets::Scanner>& wanted) {
    if (scanner != wanted) {
      workspace.reset();
      scanner = wanted;
      workspace.emplace(*scanner);
    }
    return *workspace;
  }
};

}  // namespace postern::screening
