// Changes that happen together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace rocksdb {
class WriteBatch;
}  // namespace rocksdb

namespace postern::kv {

// A family of keys: an index into Options::families.
enum class Family : uint32_t {};

// It belongs to no store until it is written, and may be written again after Store::Reopen. Reuse one rather
// than make many. Later changes of a key win over earlier ones. Thread-compatible.
class Batch {
 public:
  Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  void Put(Family family, std::string_view key, std::string_view value);
  // What the value becomes is for the family's MergeRule to say, when it is read.
  void Merge(Family family, std::string_view key, std::string_view operand);
  void Delete(Family family, std::string_view key);
  void DeleteRange(Family family, std::string_view begin, std::string_view end);  // [begin, end)
  void Clear();

  bool empty() const;
  size_t bytes() const;
  std::string_view as_logged() const;  // the bytes of it in RocksDB's log: for measuring

 private:
  friend class Store;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
};

}  // namespace postern::kv
