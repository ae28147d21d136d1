#include "shared/base/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "shared/base/clock.h"
#include "shared/base/json_text.h"

namespace postern {
namespace {

std::atomic<Level> g_level{Level::kInfo};  // NOLINT: the process has one standard error, so one level of it
std::atomic<LogFormat> g_format{LogFormat::kText};  // NOLINT

const char* Name(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "error";
  }
  return "unknown";
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_unique<spdlog::logger>("postern", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

bool IsBare(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

std::optional<Level> ParseLevel(std::string_view name) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (name == Name(level)) return level;
  }
  return std::nullopt;
}

void ConfigureLog(Level level, LogFormat format) {
  g_level = level;
  g_format = format;
}

bool WouldLog(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

std::string FormatLogLine(LogFormat format, std::string_view time, Level level, std::string_view sentence,
                          std::initializer_list<Field> fields) {
  std::string line;
  if (format == LogFormat::kText) {
    line.append(time).append(" ").append(Name(level)).append(" ").append(sentence);
    for (const Field& field : fields) {
      line.append(" ").append(field.name()).append("=");
      if (const auto number = field.number()) line += std::to_string(*number);
      else if (IsBare(field.text())) line += field.text();
      else AppendJsonString(line, field.text());
    }
    return line;
  }
  line.append(R"({"time":")")
      .append(time)
      .append(R"(","level":")")
      .append(Name(level))
      .append(R"(","message":)");
  AppendJsonString(line, sentence);
  for (const Field& field : fields) {
    line.push_back(',');
    AppendJsonString(line, field.name());
    line.push_back(':');
    if (const auto number = field.number()) line += std::to_string(*number);
    else AppendJsonString(line, field.text());
  }
  line.push_back('}');
  return line;
}

void Log(Level level, std::string_view sentence, std::initializer_list<Field> fields) {
  if (!WouldLog(level)) return;
  Logger().log(spdlog::level::info, "{}",
               FormatLogLine(g_format, FormatRfc3339(WallNow()), level, sentence, fields));
}

std::optional<uint64_t> LogLimiter::Admit(std::chrono::nanoseconds interval) {
  const int64_t now = BootClock::now().time_since_epoch().count();
  int64_t next = next_.load(std::memory_order_relaxed);
  if (now < next || !next_.compare_exchange_strong(next, now + interval.count())) {
    held_back_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return held_back_.exchange(0);
}

}  // namespace postern
