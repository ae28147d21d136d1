#include "shared/rule_cache/rule_cache.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/crypto/sha256.h"

namespace postern::rule_cache {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "postern rules v1\n";
constexpr std::string_view kPrefix = "rules-";
constexpr off_t kLargest = 64 << 20;

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int value() const { return value_; }

 private:
  const int value_;
};

bool IsOurs(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool IsOurDirectory(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && IsOurs(status);
}

// Nothing where the file isn't whole, or somebody else could have written it.
std::optional<std::string> ReadOurs(const fs::path& path) {
  const Descriptor file(path, O_RDONLY | O_NOFOLLOW);
  struct stat status{};
  if (file.value() < 0 || ::fstat(file.value(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode) || !IsOurs(status) || status.st_size > kLargest) return std::nullopt;
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t more = ::read(file.value(), bytes.data() + read, bytes.size() - read);
    if (more <= 0) return std::nullopt;
    read += static_cast<size_t>(more);
  }
  return bytes;
}

std::optional<std::string> Find(const fs::path& directory, const std::string& key) {
  if (!IsOurDirectory(directory)) return std::nullopt;
  auto bytes = ReadOurs(directory / (std::string(kPrefix) + key));
  constexpr size_t kHead = kMark.size() + sizeof(crypto::Digest);
  if (!bytes || bytes->size() < kHead || !bytes->starts_with(kMark)) return std::nullopt;
  const std::string_view sum = std::string_view(*bytes).substr(kMark.size(), sizeof(crypto::Digest));
  if (crypto::AsBytes(crypto::Sha256(std::string_view(*bytes).substr(kHead))) != sum) return std::nullopt;
  bytes->erase(0, kHead);
  return bytes;
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

void RemoveOldest(const fs::path& directory) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> kept;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename().string().starts_with(kPrefix))
      kept.emplace_back(entry.last_write_time(error), entry.path());
  }
  if (kept.size() <= kMostKept) return;
  std::sort(kept.begin(), kept.end());
  for (size_t i = 0; i < kept.size() - kMostKept; ++i) fs::remove(kept[i].second, error);
}

void Keep(const fs::path& directory, const std::string& key, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  ::mkdir(directory.c_str(), 0700);
  if (!IsOurDirectory(directory)) return;
  const fs::path path = directory / (std::string(kPrefix) + key);
  const fs::path part = path.string() + "." + std::to_string(::getpid());
  bool whole = false;
  {
    const Descriptor file(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    whole = file.value() >= 0 && WriteAll(file.value(), kMark) &&
            WriteAll(file.value(), crypto::AsBytes(crypto::Sha256(bytes))) && WriteAll(file.value(), bytes);
  }
  if (whole) fs::rename(part, path, error);
  if (!whole || error) fs::remove(part, error);
  RemoveOldest(directory);
}

}  // namespace

secrets::DatabaseCache In(const fs::path& directory) {
  return {
      .find = [directory](const std::string& key) { return Find(directory, key); },
      .keep = [directory](const std::string& key, std::string_view bytes) { Keep(directory, key, bytes); }};
}

}  // namespace postern::rule_cache
