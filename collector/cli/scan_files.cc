#include "collector/cli/scan_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "collector/cli/ignore_file.h"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

// One ignore file and the directory that its patterns are relative to.
struct Level {
  fs::path directory;
  IgnoreFile file;
};

std::string TextOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void AddLevel(std::vector<Level>& levels, const fs::path& directory, const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return;
  IgnoreFile ignore(TextOf(file));
  if (!ignore.empty()) levels.push_back({directory, std::move(ignore)});
}

// What directories above say, as far as the repository goes.
std::vector<Level> LevelsAbove(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> above;
  for (fs::path at = root;; at = at.parent_path()) {
    above.push_back(at);
    if (fs::exists(at / ".git", error)) break;
    if (at == at.parent_path()) return {};  // in no repository
  }
  std::vector<Level> levels;
  AddLevel(levels, above.back(), above.back() / ".git" / "info" / "exclude");
  for (auto at = above.rbegin(); at != above.rend(); ++at) {
    if (*at != root) AddLevel(levels, *at, *at / ".gitignore");
  }
  return levels;
}

class Walk {
 public:
  Walk(Ignoring ignoring, std::vector<std::string>& files) : ignoring_(ignoring), files_(files) {}

  void Tree(const fs::path& shown) {
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(shown, error);
    std::vector<Level> levels;
    if (ignoring_ == Ignoring::kAsGitDoes) levels = LevelsAbove(whole);
    Directory(shown, whole, levels);
  }

 private:
  void Directory(const fs::path& shown, const fs::path& whole, std::vector<Level>& levels) {
    const size_t outer = levels.size();
    if (ignoring_ == Ignoring::kAsGitDoes) AddLevel(levels, whole, whole / ".gitignore");
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator at(whole, error), end; !error && at != end; at.increment(error))
      entries.push_back(*at);
    // It stands among the files, and fails as one of them does that can't be read.
    if (error) files_.push_back(shown.string());
    for (const fs::directory_entry& entry : entries) {
      std::error_code failed;
      const fs::path name = entry.path().filename();
      if (entry.is_symlink(failed)) continue;
      if (entry.is_directory(failed)) {
        if (name == ".git" || IsIgnored(levels, entry.path(), PathKind::kDirectory)) continue;
        Directory(shown / name, entry.path(), levels);
      } else if (entry.is_regular_file(failed) && !IsIgnored(levels, entry.path(), PathKind::kFile)) {
        files_.push_back((shown / name).lexically_normal().string());
      }
    }
    levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(outer), levels.end());
  }

  // The nearest file that names it decides.
  static bool IsIgnored(const std::vector<Level>& levels, const fs::path& path, PathKind kind) {
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
      const Verdict verdict = level->file.VerdictOn(path.lexically_relative(level->directory).string(), kind);
      if (verdict != Verdict::kNotNamed) return verdict == Verdict::kIgnored;
    }
    return false;
  }

  Ignoring ignoring_;
  std::vector<std::string>& files_;
};

}  // namespace

Result<std::vector<std::string>> FilesToScan(const std::vector<std::string>& paths, Ignoring ignoring) {
  std::vector<std::string> files;
  Walk walk(ignoring, files);
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-") {
      files.push_back(path);
    } else if (fs::is_directory(path, error)) {
      walk.Tree(path);
    } else if (fs::exists(path, error)) {
      files.push_back(path);
    } else {
      return Error{ErrorCode::kInvalid, "there is no file or directory " + path};
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace postern::cli
