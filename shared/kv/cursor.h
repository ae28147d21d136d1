// A walk over a family's keys in order.
#pragma once

#include <memory>
#include <string_view>

#include "shared/base/result.h"

namespace rocksdb {
class Iterator;
}

namespace postern::kv {

// Begins at no key: move it first. Past either end it is not valid and may be moved again. Thread-compatible.
class Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  void SeekToFirst();
  void SeekToLast();
  void Seek(std::string_view key);          // to the first key ≥ this one
  void SeekBackward(std::string_view key);  // to the last key ≤ this one
  void Next();
  void Previous();

  bool valid() const;
  std::string_view key() const;    // until the next move
  std::string_view value() const;  // until the next move

  // Why the walk ended: Ok at an end of the family, otherwise kCorrupt or kUnavailable.
  Status status() const;

 private:
  friend class Store;
  friend class View;
  explicit Cursor(std::unique_ptr<rocksdb::Iterator> iterator);
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace postern::kv
