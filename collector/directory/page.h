// A page of records, as lists return them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "collector/store/types.h"

namespace postern::directory {

struct PageRequest {
  std::optional<store::Cursor> cursor;  // where the page before ended
  size_t limit = 100;                   // at most store::Store::kMaxPage
};

// In the order of ids. Removed records are left out, so a page may be shorter than asked for though there are
// more.
template <class T>
struct Page {
  std::vector<T> items;
  std::optional<store::Cursor> next;  // nothing: there are no more
};

}  // namespace postern::directory
