#include "collector/cli/scan_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include <signal.h>

#include "collector/cli/scan_progress.h"

namespace postern::cli {
namespace {

constexpr std::chrono::milliseconds kShown(200);

// How many characters the line has up to this byte, itself included.
size_t CharactersUpTo(std::string_view text, size_t at) {
  const size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  return CharactersIn(text.substr(begin, at + 1 - begin));
}

// While it is there, this thread and those that it starts leave to others the signals by which people end a
// program.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t endings;
    sigemptyset(&endings);
    for (const int signal : kEndings) sigaddset(&endings, signal);
    pthread_sigmask(SIG_BLOCK, &endings, &former_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &former_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t former_;
};

// What one file came to.
struct FileResult {
  std::vector<FileFinding> findings;
  std::optional<std::string> failure;
};

class Run {
 public:
  Run(const secrets::Scanner& scanner, const ScanJob& job)
      : scanner_(scanner), job_(job), results_(job.files.size()) {}

  ScanResults Go() {
    const size_t threads = std::clamp<size_t>(job_.threads, 1, std::max<size_t>(1, job_.files.size()));
    running_ = threads;
    std::vector<std::thread> workers;
    {
      // Who interrupts it interrupts the caller's thread, which alone draws.
      const BlockedSignals blocked;
      for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
    }
    Wait();
    for (std::thread& worker : workers) worker.join();
    ScanResults all{.findings = {}, .failures = {}, .files = job_.files.size(), .bytes = bytes_};
    for (FileResult& result : results_) {
      std::move(result.findings.begin(), result.findings.end(), std::back_inserter(all.findings));
      if (result.failure) all.failures.push_back(*std::move(result.failure));
    }
    return all;
  }

 private:
  void Wait() {
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kShown, [this] { return running_ == 0; })) {
      if (job_.progress) job_.progress(done_, bytes_);
    }
  }

  void Work() {
    secrets::Workspace workspace(scanner_);
    for (size_t i = next_++; i < job_.files.size(); i = next_++) {
      results_[i] = ScanOne(job_.files[i], workspace);
      ++done_;
    }
    const std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  }

  FileResult ScanOne(const std::string& file, secrets::Workspace& workspace) {
    FileResult result;
    auto pieces = TextPieces::Open(file, job_.in, job_.sizes);
    if (!pieces) return {.findings = {}, .failure = pieces.error().message};
    for (size_t before = 0;; before = pieces->bytes_read()) {
      const auto piece = pieces->Next();
      if (!piece) result.failure = piece.error().message;
      if (!piece || !*piece) return result;
      bytes_ += pieces->bytes_read() - before;
      auto findings =
          scanner_.Scan({.text = (*piece)->text, .path = file == "-" ? "" : file}, workspace, job_.options);
      if (!findings) {
        result.failure = file + ": " + findings.error().message;
        return result;
      }
      for (secrets::Finding& finding : *findings) {
        if (finding.match.begin >= (*piece)->begin && finding.match.begin < (*piece)->end)
          result.findings.push_back(InFile(file, **piece, std::move(finding)));
      }
    }
  }

  // With the places that the file has for it, not the piece.
  static FileFinding InFile(const std::string& file, const Piece& piece, secrets::Finding finding) {
    const size_t last = std::max(finding.match.begin + 1, finding.match.end) - 1;
    FileFinding in_file{.file = file == "-" ? "stdin" : file,
                        .finding = std::move(finding),
                        .start_character = 1,
                        .end_character = 1};
    secrets::Place& place = in_file.finding.place;
    if (place.start_line == 0) return in_file;  // its name gives it away
    in_file.start_character = std::max<size_t>(1, CharactersUpTo(piece.text, in_file.finding.match.begin));
    in_file.end_character = std::max<size_t>(1, CharactersUpTo(piece.text, last));
    if (place.start_line == 1) {
      place.start_column += piece.bytes;
      in_file.start_character += piece.characters;
    }
    if (place.end_line == 1) {
      place.end_column += piece.bytes;
      in_file.end_character += piece.characters;
    }
    place.start_line += piece.lines;
    place.end_line += piece.lines;
    return in_file;
  }

  const secrets::Scanner& scanner_;
  const ScanJob& job_;
  std::vector<FileResult> results_;  // a worker writes only to the places of its files
  std::atomic<size_t> next_ = 0, done_ = 0, bytes_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t running_ = 0;  // with mutex_
};

}  // namespace

ScanResults ScanFiles(const secrets::Scanner& scanner, const ScanJob& job) { return Run(scanner, job).Go(); }

}  // namespace postern::cli
