#include "agent/gate/history_keeper.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/estimate/history_text.h"
#include "shared/base/log.h"

namespace postern::gate {
namespace {

constexpr std::chrono::seconds kPatience{2};

// A file of our own: links are not followed.
class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  File(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

Error Trouble() { return {ErrorCode::kUnavailable, std::strerror(errno)}; }

// Empty where there is none.
Result<std::string> ReadWhole(const std::filesystem::path& path) {
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (file.descriptor() < 0) {
    if (errno == ENOENT) return std::string();
    return Trouble();
  }
  std::string text(estimate::kMostHistoryBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.descriptor(), text.data() + size, text.size() - size);
    if (got < 0) return Trouble();
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

Status WriteWhole(const std::filesystem::path& path, std::string_view text) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.descriptor() < 0) return Trouble();
  while (!text.empty()) {
    const ssize_t written = ::write(file.descriptor(), text.data(), text.size());
    if (written <= 0) return Trouble();
    text.remove_prefix(static_cast<size_t>(written));
  }
  return Ok{};
}

void Replace(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path beside = path.string() + ".new";
  Status done = WriteWhole(beside, text);
  if (done && ::rename(beside.c_str(), path.c_str()) != 0) done = Trouble();
  if (done) return;
  ::unlink(beside.c_str());
  LOG_LIMITED(std::chrono::hours(1), Level::kWarning, "what was learnt for estimates can't be written",
              {{"file", path.string()}, {"error", done.error().message}});
}

}  // namespace

HistoryKeeper::HistoryKeeper(http::Loop& loop, http::Worker& worker, estimate::History& history,
                             std::filesystem::path file, std::chrono::nanoseconds first)
    : loop_(loop), worker_(worker), history_(history), file_(std::move(file)), pause_(first) {
  Read();
  loop_.timers().Set(*this, loop_.now() + pause_);
}

void HistoryKeeper::Read() {
  auto text = ReadWhole(file_);
  if (text && text->empty()) return;
  const auto models = text ? estimate::ReadHistory(*text) : text.error();
  if (models) return history_.Recall(*models);
  Log(Level::kWarning, "what was learnt for estimates can't be read: they begin anew",
      {{"file", file_.string()}, {"reason", models.error().message}});
}

void HistoryKeeper::OnDeadline() {
  pause_ = std::min<std::chrono::nanoseconds>(2 * pause_, kAtMost);
  loop_.timers().Set(*this, loop_.now() + pause_);
  if (std::exchange(written_, history_.lessons()) == history_.lessons()) return;
  worker_.Do([file = file_, text = estimate::WriteHistory(history_.Models())] { Replace(file, text); });
}

// By the worker, too, so that it comes after what the worker may be writing.
void HistoryKeeper::Finish() {
  if (std::exchange(written_, history_.lessons()) == history_.lessons()) return;
  auto done = std::make_shared<std::promise<void>>();
  auto waits = done->get_future();
  worker_.Do([file = file_, text = estimate::WriteHistory(history_.Models()), done] {
    Replace(file, text);
    done->set_value();
  });
  waits.wait_for(kPatience);
}

}  // namespace postern::gate
