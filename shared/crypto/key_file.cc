#include "shared/crypto/key_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/crypto/random.h"

namespace postern::crypto {
namespace {

constexpr size_t kLargest = 64 << 10;

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

Error Failed(const std::string& path, const char* deed) {
  return {ErrorCode::kUnavailable,
          path + " can't be " + deed + ": " + std::generic_category().message(errno)};
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

}  // namespace

Status WriteKeyFile(const std::string& path, std::string_view text, Mode mode) {
  const mode_t bits = mode == Mode::kOwnerOnly ? 0600 : 0644;
  const std::string beside = path + ".new";
  unlink(beside.c_str());
  const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, bits));
  if (!file) return Failed(path, "made");
  RETURN_IF_ERROR(WriteAll(file.get(), text, path));
  if (fchmod(file.get(), bits) != 0 || fsync(file.get()) != 0) return Failed(path, "brought to the disk");
  if (rename(beside.c_str(), path.c_str()) != 0) return Failed(path, "put in its place");
  const std::string directory = std::filesystem::path(path).parent_path();
  const File parent(open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return Failed(path, "brought to the disk");
  return Ok{};
}

Result<std::string> ReadKeyFile(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return Error{ErrorCode::kNotFound, path + " isn't there"};
  if (!file && errno == ELOOP) return Error{ErrorCode::kInvalid, path + " is a link, not a file"};
  if (!file) return Failed(path, "read");
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return Failed(path, "read");
  if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalid, path + " is not a plain file"};
  if ((status.st_mode & 077) != 0)
    return Error{ErrorCode::kInvalid, path + " is open to others than its owner: chmod 600 it"};
  std::string text(kLargest + 1, '\0');
  const ssize_t size = read(file.get(), text.data(), text.size());
  if (size < 0) return Failed(path, "read");
  if (static_cast<size_t>(size) > kLargest) {
    Cleanse(text);
    return Error{ErrorCode::kInvalid, path + " is too large for a key"};
  }
  text.resize(static_cast<size_t>(size));
  return text;
}

}  // namespace postern::crypto
