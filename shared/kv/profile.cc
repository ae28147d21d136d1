#include "shared/kv/profile.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "shared/kv/info_log.h"
#include "shared/kv/merge.h"

namespace postern::kv {
namespace {

constexpr size_t kMegabyte = 1 << 20;

}  // namespace

rocksdb::DBOptions DatabaseOf(Profile profile) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = 64;
  options.max_file_opening_threads = 1;  // 16 would be started at each opening, for a handful of files
  options.max_total_wal_size = 32 * kMegabyte;
  options.max_background_jobs = 2;
  options.info_log = std::make_shared<InfoLog>();
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;  // no thread that wakes up to write statistics nobody reads
  options.stats_persist_period_sec = 0;
  options.allow_concurrent_memtable_write = false;  // one writer: the locks would cost and gain nothing
  options.enable_write_thread_adaptive_yield = false;
  options.max_bgerror_resume_count = 0;  // an error poisons the store; only Reopen mends it
  // After a power cut the unsynced end of the log may be torn anywhere: keep all before the first damage.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  if (profile == Profile::kServer) {
    options.max_open_files = 1024;
    options.max_total_wal_size = 256 * kMegabyte;
    options.db_write_buffer_size = 128 * kMegabyte;
    options.bytes_per_sync = kMegabyte;  // a large file reaches the disk while it is written, not all at once
  }
  return options;
}

std::shared_ptr<rocksdb::Cache> CacheOf(Profile profile) {
  return profile == Profile::kServer ? rocksdb::NewLRUCache(256 * kMegabyte)
                                     : rocksdb::NewLRUCache(8 * kMegabyte, 2);
}

rocksdb::ColumnFamilyOptions FamilyOf(Profile profile, MergeRule merge,
                                      const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 8 * kMegabyte;
  options.max_write_buffer_number = 2;
  options.target_file_size_base = 8 * kMegabyte;
  options.max_bytes_for_level_base = 64 * kMegabyte;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.merge_operator = MergeOperatorOf(merge);
  if (profile == Profile::kServer) {
    options.write_buffer_size = 32 * kMegabyte;
    options.target_file_size_base = 32 * kMegabyte;
    options.max_bytes_for_level_base = 256 * kMegabyte;
    options.level_compaction_dynamic_level_bytes = true;  // nine tenths lie at the bottom, compressed best
    options.max_successive_merges = 0;                    // merging while writing would read what is old
  }
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 * 1024;  // records are read in rows far more often than one by one
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  if (profile == Profile::kServer) {
    table.format_version = 5;
    table.cache_index_and_filter_blocks = true;  // bounded by the cache, however large the store becomes
    table.pin_l0_filter_and_index_blocks_in_cache = true;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace postern::kv
