// How RocksDB is set up for a small store on somebody's machine. Inside shared/kv only.
#pragma once

#include <rocksdb/options.h>

namespace postern::kv {

// The number that RocksDB gives to Options::families[0]; 0 is the default family. They follow each other in
// the list's order.
constexpr uint32_t kFirstFamily = 1;

// 30 MB under load instead of 110: small memtables, one small block cache for all families, few open files.
// One writer.
rocksdb::DBOptions SmallDatabase();
rocksdb::ColumnFamilyOptions SmallFamily(const std::shared_ptr<rocksdb::Cache>& cache);
std::shared_ptr<rocksdb::Cache> SmallCache();

}  // namespace postern::kv
