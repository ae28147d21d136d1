// What RocksDB has to say, in our own log. Inside shared/kv only.
#pragma once

#include <cstdarg>

#include <rocksdb/env.h>

namespace postern::kv {

// RocksDB's own logger writes a file into the store's directory, and Debian's build aborts the process when
// that can't be written, as on a full disk. Thread-safe.
class InfoLog : public rocksdb::Logger {
 public:
  InfoLog() : Logger(rocksdb::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override { Logv(rocksdb::INFO_LEVEL, format, arguments); }
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;
  void LogHeader(const char*, va_list) override {}  // its options, at each start
};

}  // namespace postern::kv
