#include "shared/base/private_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Error Failed(const std::string& path, std::string_view deed) {
  return {ErrorCode::kUnavailable,
          path + ": can't be " + std::string(deed) + ": " + std::generic_category().message(errno)};
}

Status WriteAll(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(path, "written");
    text.remove_prefix(static_cast<size_t>(count));
  }
  return Ok{};
}

Status SyncDirectoryOf(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path().string();
  if (directory.empty()) directory = ".";
  const File parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return Failed(directory, "synced");
  return Ok{};
}

// The file beside its final name, whole and synced.
Status WriteBeside(const std::string& beside, std::string_view contents, mode_t mode) {
  unlink(beside.c_str());  // left by a crash
  const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return Failed(beside, "made");
  RETURN_IF_ERROR(WriteAll(file.get(), contents, beside));
  // The umask may have taken something from the mode.
  if (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) return Failed(beside, "synced");
  return Ok{};
}

}  // namespace

Result<std::string> ReadPrivateFile(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return Error{ErrorCode::kNotFound, path + ": there is no such file"};
  struct stat status{};
  if (!file || fstat(file.get(), &status) != 0) return Failed(path, "read");
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalid, path + " isn't a file"};
  if ((status.st_mode & 077) != 0) {
    return Error{ErrorCode::kInvalid, path + " can be read by others than its owner: `chmod 600` it"};
  }
  if (static_cast<size_t>(status.st_size) > kMaxPrivateFile)
    return Error{ErrorCode::kInvalid, path + " is too large to be what it should be"};
  // One buffer from the beginning: a string that grows would leave copies of a secret behind.
  std::string text(static_cast<size_t>(status.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(path, "read");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

Status MakeFile(const std::string& path, std::string_view contents, Access access) {
  const std::string beside = path + ".new";
  const Status written = WriteBeside(beside, contents, access == Access::kOwner ? 0600 : 0644);
  // link, not rename: it fails where there is a file already.
  const bool placed = written.has_value() && link(beside.c_str(), path.c_str()) == 0;
  const int reason = errno;
  unlink(beside.c_str());
  RETURN_IF_ERROR(written);
  errno = reason;
  if (!placed && errno == EEXIST)
    return Error{ErrorCode::kInvalid, path + " is there already, and is not overwritten"};
  if (!placed) return Failed(path, "made");
  return SyncDirectoryOf(path);
}

Status ReplaceFile(const std::string& path, std::string_view contents, Access access) {
  const std::string beside = path + ".new";
  const Status written = WriteBeside(beside, contents, access == Access::kOwner ? 0600 : 0644);
  const bool placed = written.has_value() && rename(beside.c_str(), path.c_str()) == 0;
  const int reason = errno;
  if (!placed) unlink(beside.c_str());
  RETURN_IF_ERROR(written);
  errno = reason;
  if (!placed) return Failed(path, "replaced");
  return SyncDirectoryOf(path);
}

}  // namespace postern
