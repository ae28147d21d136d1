#include "collector/cli/scan_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

namespace postern::cli {
namespace {

constexpr size_t kMostBytes = 1 << 30;                         // of one file
constexpr size_t kLeastRead = 64 << 10, kMostRead = 16 << 20;  // at a time
constexpr size_t kLookedAt = 8'000;  // a file with a zero byte in so many is no text, as for git
constexpr std::chrono::milliseconds kShown(200);

// To its end, whatever length it is said to have: pipes and what the kernel writes have none.
Result<std::string> AllOf(std::istream& in, const std::string& name) {
  std::string text;
  while (in) {
    const size_t had = text.size();
    if (had > kMostBytes) return Error{ErrorCode::kInvalid, name + " is larger than 1 GB"};
    text.resize(had + std::clamp(had, kLeastRead, kMostRead));
    in.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
    text.resize(had + static_cast<size_t>(std::max<std::streamsize>(0, in.gcount())));
  }
  if (in.bad()) return Error{ErrorCode::kNotFound, name + " can't be read"};
  return text;
}

Result<std::string> TextOf(const std::string& file, std::istream& in) {
  if (file == "-") return AllOf(in, "standard input");
  std::error_code error;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file, error))
    return Error{ErrorCode::kNotFound, file + " can't be read"};
  return AllOf(stream, file);
}

bool IsText(std::string_view text) { return text.substr(0, kLookedAt).find('\0') == std::string_view::npos; }

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
    const auto text = TextOf(file, job_.in);
    if (!text) return {.findings = {}, .failure = text.error().message};
    bytes_ += text->size();
    // What is no text is only judged by its name.
    const std::string_view read = IsText(*text) ? std::string_view(*text) : std::string_view();
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
