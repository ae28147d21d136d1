#include "collector/cli/rule_cache.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

// Nothing where there is no place of one's own.
fs::path Directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "postern";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? fs::path(home) / ".cache" / "postern" : fs::path();
}

// A file that somebody else could have written isn't taken: the library runs what is in it.
bool IsOurs(const fs::path& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 022) == 0;
}

}  // namespace

secrets::DatabaseCache RuleCache() {
  const fs::path directory = Directory();
  if (directory.empty()) return {};
  secrets::DatabaseCache cache;
  cache.find = [directory](const std::string& key) -> std::optional<std::string> {
    const fs::path path = directory / ("rules-" + key);
    if (!IsOurs(directory) || !IsOurs(path)) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  cache.keep = [directory](const std::string& key, std::string_view bytes) {
    std::error_code error;
    fs::create_directories(directory, error);
    fs::permissions(directory, fs::perms::owner_all, error);
    const fs::path path = directory / ("rules-" + key);
    const fs::path part = directory / ("rules-" + key + "." + std::to_string(getpid()));
    {
      std::ofstream out(part, std::ios::binary);
      fs::permissions(part, fs::perms::owner_read | fs::perms::owner_write, error);
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      if (!out.flush()) error = std::make_error_code(std::errc::io_error);
    }
    if (!error) fs::rename(part, path, error);
    if (error) fs::remove(part, error);
  };
  return cache;
}

}  // namespace postern::cli
