#include "collector/cli/scan_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include "collector/cli/scan_text.h"

namespace postern::cli {
namespace {

constexpr std::chrono::milliseconds kShown(200);

// How many characters the line has up to this byte, itself included.
size_t CharactersUpTo(std::string_view text, size_t at) {
  const size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  return static_cast<size_t>(
      std::count_if(text.begin() + static_cast<std::ptrdiff_t>(begin),
                    text.begin() + static_cast<std::ptrdiff_t>(std::min(at + 1, text.size())),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

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
    for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
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
    auto bytes = BytesOf(file, job_.in);
    if (!bytes) return {.findings = {}, .failure = bytes.error().message};
    bytes_ += bytes->size();
    const std::string read = TextIn(*std::move(bytes));
    auto findings = scanner_.Scan({.text = read, .path = file == "-" ? "" : file}, workspace, job_.options);
    if (!findings) return {.findings = {}, .failure = file + ": " + findings.error().message};
    FileResult result;
    for (secrets::Finding& finding : *findings) {
      const size_t last = std::max(finding.match.begin + 1, finding.match.end) - 1;
      result.findings.push_back({.file = file == "-" ? "stdin" : file,
                                 .finding = std::move(finding),
                                 .start_character = 1,
                                 .end_character = 1});
      FileFinding& added = result.findings.back();
      added.start_character = std::max<size_t>(1, CharactersUpTo(read, added.finding.match.begin));
      added.end_character = std::max<size_t>(1, CharactersUpTo(read, last));
    }
    return result;
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
