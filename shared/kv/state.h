// What a store is made of: RocksDB, open or not. Inside shared/kv only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "shared/kv/store.h"

namespace postern::kv {

enum class Access { kWrite, kRead };

struct Store::State {
  ~State() { Close(); }

  Status Open(Access mode);
  Status CheckFormat(Access mode);
  Status WriteFormat(uint32_t written);
  void Close();
  Error Describe(const rocksdb::Status& status) const;
  rocksdb::ColumnFamilyHandle* At(Family family) const { return handles.at(static_cast<size_t>(family)); }
  Status CheckUsable() const {
    if (!poisoned) return Ok{};
    return Error{ErrorCode::kUnavailable, Name() + " must be reopened after an error"};
  }
  std::string Name() const { return options.what + " in " + directory; }

  std::string directory;
  Options options;
  Access access = Access::kWrite;
  uint32_t format = 0;  // as found
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::Env> faulty_env;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // of options.families, then the default one
  std::atomic<bool> poisoned{false};
};

}  // namespace postern::kv
