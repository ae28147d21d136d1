#include "collector/cli/rule_cache.h"

#include <cstdlib>
#include <filesystem>

#include "shared/rule_cache/rule_cache.h"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

fs::path Directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "postern";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? fs::path(home) / ".cache" / "postern" : fs::path();
}

}  // namespace

secrets::DatabaseCache RuleCache() {
  const fs::path directory = Directory();
  return directory.empty() ? secrets::DatabaseCache() : rule_cache::In(directory);
}

}  // namespace postern::cli
