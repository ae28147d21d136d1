#include "collector/cli/scan_progress.h"

#include <algorithm>
#include <iostream>
#include <string>

#include <unistd.h>

namespace postern::cli {
namespace {

constexpr char kClear[] = "\r\x1b[K";

// The signal does what it did before, as soon as this is left: it has been reset to that.
extern "C" void EndWithAClearLine(int signal) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kClear, sizeof kClear - 1);
  raise(signal);
}

}  // namespace

Progress::Progress(std::ostream& err) : err_(err), shown_(&err == &std::cerr && isatty(STDERR_FILENO) != 0) {
  if (!shown_) return;
  struct sigaction clearing{};
  clearing.sa_handler = EndWithAClearLine;
  clearing.sa_flags = SA_RESETHAND;
  for (size_t i = 0; i < std::size(kEndings); ++i) {
    sigaction(kEndings[i], nullptr, &former_[i]);
    // What is ignored stays so (nohup).
    if (former_[i].sa_handler == SIG_DFL) sigaction(kEndings[i], &clearing, nullptr);
  }
}

Progress::~Progress() {
  if (drawn_) err_ << kClear << std::flush;
  if (!shown_) return;
  for (size_t i = 0; i < std::size(kEndings); ++i) sigaction(kEndings[i], &former_[i], nullptr);
}

void Progress::Say(std::string_view what) {
  if (!shown_) return;
  err_ << "\r" << what << "\x1b[K" << std::flush;
  drawn_ = true;
}

void Progress::Show(size_t done, size_t files, size_t bytes) {
  constexpr size_t kWidth = 30;
  const size_t full = files == 0 ? kWidth : std::min(kWidth, done * kWidth / files);
  Say("[" + std::string(full, '#') + std::string(kWidth - full, ' ') + "] " + std::to_string(done) + " of " +
      std::to_string(files) + " files, " + std::to_string(bytes >> 20) + " MB");
}

}  // namespace postern::cli
