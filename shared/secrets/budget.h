// What one scan may still do closely, in bytes. Only shared/secrets includes this.
#pragma once

#include <cstddef>

#include "shared/base/result.h"

namespace postern::secrets {

// Thread-compatible.
class Budget {
 public:
  explicit Budget(size_t bytes) : left_(bytes) {}
  bool Spend(size_t bytes) {
    const bool enough = bytes <= left_;
    left_ = enough ? left_ - bytes : 0;
    return enough;
  }

 private:
  size_t left_;
};

inline Error BudgetSpent() {
  return Error{ErrorCode::kExhausted,
               "looking closely at this text would take too long: it is not known to be clean"};
}

}  // namespace postern::secrets
