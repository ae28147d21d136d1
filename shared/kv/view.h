// A store as it was at one moment, whatever is written meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/kv/batch.h"
#include "shared/kv/cursor.h"

namespace postern::kv {

class Store;

// Cheap to make; what was replaced since then stays on the disk while it lives. Must be gone, with its
// cursors, before the store's Reopen and destruction. Thread-compatible.
class View {
 public:
  View(View&&) noexcept;
  View& operator=(View&&) noexcept;
  ~View();

  // As Store::Get.
  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;

  // The values of many keys, in the keys' order.
  Result<std::vector<std::optional<std::string>>> GetMany(Family family,
                                                          const std::vector<std::string>& keys) const;

  Cursor NewCursor(Family family) const;

 private:
  friend class Store;
  struct State;
  explicit View(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::kv
