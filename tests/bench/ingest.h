// The way of events through the collector, from a frame to the disk, without the bus; and the same rows
// written by a program that does nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/store/types.h"
#include "shared/base/result.h"
#include "tests/bench/signed_traffic.h"

namespace postern::bench {

// Processor time of each thread, in seconds.
struct Processing {
  double decoding = 0, verifying = 0, committing = 0;
};

struct Ingested {
  double seconds = 0;  // from the first frame until everything is verified, committed and synced
  Processing processing;
  std::vector<store::Change> changes;  // each was one synced write
};

// Decodes, verifies and commits with intake's own threads and bounds: one thread decodes, one verifies, one
// commits to a new store in the directory. An error where anything was refused.
Result<Ingested> Ingest(const SignedTraffic& traffic, const std::string& directory);

// Changes as the rows that the store makes of them.
class Rows {
 public:
  // `scratch` is a directory for a store that is thrown away.
  static Result<Rows> Of(const std::vector<store::Change>& changes, const std::string& scratch);

  // Writes them into a bare RocksDB: the same rows in the same batches, with the same options, each batch
  // synced.
  struct Written {
    double seconds = 0;
    double processing = 0;  // of which the thread had a processor
  };
  Result<Written> Write(const std::string& directory) const;

  uint64_t count() const;

 private:
  std::vector<std::string> batches_;  // in RocksDB's form
};

}  // namespace postern::bench
