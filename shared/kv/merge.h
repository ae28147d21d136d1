// The merge rules as RocksDB runs them. Inside shared/kv only.
#pragma once

#include <memory>

#include <rocksdb/merge_operator.h>

#include "shared/kv/options.h"

namespace postern::kv {

// Nothing for kNone. Their names are in the files: a rule never changes its meaning.
std::shared_ptr<rocksdb::MergeOperator> MergeOperatorOf(MergeRule rule);

}  // namespace postern::kv
