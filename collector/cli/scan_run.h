// Scanning many files on all cores.
//
//   worker threads     each its own secrets::Workspace and a piece of one file's text; take the next file's
//                      number from a counter, and write what they find to that file's place in the results;
//                      end when there is none; take no signals
//   the caller's       waits, and shows how far it is
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "collector/cli/scan_text.h"
#include "shared/base/result.h"
#include "shared/secrets/scanner.h"

namespace postern::cli {

// One finding with all that reports say of it. It holds a secret.
struct FileFinding {
  std::string file;
  secrets::Finding finding;
  // Columns in characters, not bytes, as SARIF counts.
  size_t start_character = 1;
  size_t end_character = 1;
};

struct ScanResults {
  std::vector<FileFinding> findings;  // by file, then by place
  std::vector<std::string> failures;  // files that could not be scanned, a sentence each
  size_t files = 0;
  size_t bytes = 0;
};

struct ScanJob {
  std::vector<std::string> files;
  std::istream& in;  // read for "-"
  size_t threads = 1;
  secrets::ScanOptions options;
  PieceSizes sizes{};
  // Called now and then while it goes on: files and bytes done. May be empty.
  std::function<void(size_t files, size_t bytes)> progress;
};

ScanResults ScanFiles(const secrets::Scanner& scanner, const ScanJob& job);

}  // namespace postern::cli
