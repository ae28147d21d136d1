// How RocksDB is set up. Inside shared/kv only.
#pragma once

#include <memory>

#include <rocksdb/options.h>

#include "shared/kv/options.h"

namespace postern::kv {

// The number that RocksDB gives to Options::families[0]; 0 is the default family. They follow each other in
// the list's order.
constexpr uint32_t kFirstFamily = 1;

// For one writer. What RocksDB has to say goes to our own log: its file beside the store would abort the
// process on a full disk.
rocksdb::DBOptions DatabaseOf(Profile profile);
rocksdb::ColumnFamilyOptions FamilyOf(Profile profile, MergeRule merge,
                                      const std::shared_ptr<rocksdb::Cache>& cache);
std::shared_ptr<rocksdb::Cache> CacheOf(Profile profile);

}  // namespace postern::kv
