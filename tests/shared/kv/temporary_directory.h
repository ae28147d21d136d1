// A directory that lives as long as a test. (Also for tests of what is built on a store.)
#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

#include "shared/base/check.h"

namespace postern {

class TemporaryDirectory {
 public:
  // A threadsafe death test runs the whole test again in its child, which must use the parent's directory:
  // name one environment variable and both get the same.
  explicit TemporaryDirectory(const char* shared_with_child) {
    if (const char* parents = getenv(shared_with_child)) {
      path_ = parents;
      return;
    }
    Make();
    setenv(shared_with_child, path_.c_str(), 1);
    variable_ = shared_with_child;
  }
  TemporaryDirectory() { Make(); }

  ~TemporaryDirectory() {
    if (!owned_) return;
    if (variable_ != nullptr) unsetenv(variable_);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  void Make() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-test-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
    owned_ = true;
  }

  std::string path_;
  const char* variable_ = nullptr;
  bool owned_ = false;
};

}  // namespace postern
