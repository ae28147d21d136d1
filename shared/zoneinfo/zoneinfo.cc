#include "shared/zoneinfo/zoneinfo.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/stat.h>

namespace postern::zoneinfo {
namespace {

constexpr const char* kDirectory = "/usr/share/zoneinfo/";
constexpr off_t kMostBytes = 256 << 10;
constexpr size_t kMostName = 64;

bool IsZoneName(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= kMostName && name.front() != '/' && name.back() != '/' &&
         std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

Result<std::string> ReadZoneFile(const std::string& name) {
  if (!IsZoneName(name)) return Error{ErrorCode::kInvalid, "that is no name of a time zone"};
  const std::string path = kDirectory + name;
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size > kMostBytes) {
    return Error{ErrorCode::kNotFound, "this system's tz database has no zone of that name"};
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return Error{ErrorCode::kNotFound, "the zone's file can't be read"};
  return std::move(bytes).str();
}

}  // namespace postern::zoneinfo
