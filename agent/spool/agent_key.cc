#include "agent/spool/agent_key.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/hex.h"
#include "shared/crypto/random.h"

namespace postern::spool {
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

Error Failed(const std::string& path, const char* deed) {
  return {ErrorCode::kUnavailable, "cannot " + std::string(deed) + " " + path + ": " + std::strerror(errno)};
}

// Writes beside and renames, so that there is never half a file; synced, since what it seals may outlive a
// power cut.
Status WriteWhole(const std::string& directory, const std::string& name, std::string_view text, mode_t mode) {
  const std::string path = directory + "/" + name;
  const std::string beside = path + ".new";
  unlink(beside.c_str());
  const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return Failed(beside, "make");
  while (!text.empty()) {
    const ssize_t count = write(file.get(), text.data(), text.size());
    if (count < 0) return Failed(beside, "write");
    text.remove_prefix(static_cast<size_t>(count));
  }
  if (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) return Failed(beside, "sync");
  if (rename(beside.c_str(), path.c_str()) != 0) return Failed(path, "make");
  const File parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || fsync(parent.get()) != 0) return Failed(directory, "sync");
  return Ok{};
}

Result<std::optional<crypto::SigningKey>> Load(const std::string& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return std::optional<crypto::SigningKey>();
  if (!file) return Failed(path, "read");
  struct stat status;
  if (fstat(file.get(), &status) != 0) return Failed(path, "read");
  if ((status.st_mode & 077) != 0) {
    return Error{ErrorCode::kInvalid,
                 path + " can be read by others: it seals the record, so `chmod 600` it"};
  }
  char text[4096];
  const ssize_t size = read(file.get(), text, sizeof(text));
  if (size < 0) return Failed(path, "read");
  auto key = crypto::SigningKey::FromPem({text, static_cast<size_t>(size)});
  crypto::Cleanse(text);
  if (!key)
    return Error{ErrorCode::kInvalid,
                 path + " is " + key.error().message + "; move it away to have a new one made"};
  return std::optional(*std::move(key));
}

}  // namespace

Result<crypto::SigningKey> LoadOrMakeKey(const std::string& directory) {
  const std::string path = directory + "/agent.key";
  ASSIGN_OR_RETURN(auto found, Load(path));
  if (found) return *std::move(found);
  auto key = crypto::SigningKey::Generate();
  std::string pem = key.ToPem();
  const Status written = WriteWhole(directory, "agent.key", pem, 0600);
  crypto::Cleanse(pem);
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(WriteWhole(directory, "agent.pub", ToHex(key.public_key().raw()) + "\n", 0644));
  return key;
}

}  // namespace postern::spool
