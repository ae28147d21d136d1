// A directory that is gone, with all that is in it, when the test is over.
#pragma once

#include <string>
#include <string_view>

namespace postern::support {

// Thread-compatible.
class TemporaryDirectory {
 public:
  // Made below $TMPDIR (or /tmp), for its owner alone.
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Writes a file (and the directories above it) below this one; returns its path.
  std::string Write(std::string_view name, std::string_view contents) const;

 private:
  std::string path_;
};

// The whole file; empty if there is none.
std::string ReadFile(const std::string& path);

}  // namespace postern::support
