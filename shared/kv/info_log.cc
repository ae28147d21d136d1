#include "shared/kv/info_log.h"

#include <chrono>
#include <cstdio>

#include "shared/base/log.h"

namespace postern::kv {
namespace {

Level LevelOf(rocksdb::InfoLogLevel level) {
  switch (level) {
    case rocksdb::WARN_LEVEL: return Level::kWarning;
    case rocksdb::ERROR_LEVEL:
    case rocksdb::FATAL_LEVEL: return Level::kError;
    default: return Level::kDebug;
  }
}

}  // namespace

void InfoLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  const Level ours = LevelOf(level);
  if (level < GetInfoLogLevel() || !WouldLog(ours)) return;
  char text[512];
  std::vsnprintf(text, sizeof(text), format, arguments);
  // A disk that fails makes it say the same many times a second.
  LOG_LIMITED(std::chrono::milliseconds(100), ours, "RocksDB says", {{"text", text}});
}

}  // namespace postern::kv
