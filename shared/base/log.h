// Structured logs: one line an event, a sentence and fields. Levels change at run time.
//
//   Log(Level::kInfo, "listening", {{"address", address}, {"port", port}});
//   LOG_LIMITED(std::chrono::seconds(1), Level::kWarning, "upstream is unreachable", {{"host", host}});
//
// Never pass prompt text, header values or secrets: what is logged leaves the process.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

std::optional<Level> ParseLevel(std::string_view name);  // debug, info, warning, error

// A name and a value; numbers stay numbers in JSON.
class Field {
 public:
  Field(std::string_view name, std::string_view value) : name_(name), text_(value) {}
  Field(std::string_view name, const char* value) : name_(name), text_(value) {}
  Field(std::string_view name, const std::string& value) : name_(name), text_(value) {}
  template <std::integral T>
  Field(std::string_view name, T value)
      : name_(name), number_(static_cast<int64_t>(value)), is_number_(true) {}

  std::string_view name() const { return name_; }
  std::string_view text() const { return text_; }
  std::optional<int64_t> number() const { return is_number_ ? std::optional(number_) : std::nullopt; }

 private:
  std::string_view name_;
  std::string_view text_;
  int64_t number_ = 0;
  bool is_number_ = false;
};

// Where lines go is standard error, written by the caller's thread. Thread-safe.
void ConfigureLog(Level level, LogFormat format);
bool WouldLog(Level level);
void Log(Level level, std::string_view sentence, std::initializer_list<Field> fields = {});

// The line itself, as Log writes it (without the newline); text values are quoted and escaped where they need
// it.
std::string FormatLogLine(LogFormat format, std::string_view time, Level level, std::string_view sentence,
                          std::initializer_list<Field> fields);

// Lets one line through an interval and counts what it held back. Thread-safe.
class LogLimiter {
 public:
  // The number of lines held back since the last one, or nothing when this one is to be held back too.
  std::optional<uint64_t> Admit(std::chrono::nanoseconds interval);

 private:
  std::atomic<int64_t> next_{0};
  std::atomic<uint64_t> held_back_{0};
};

}  // namespace postern

// At most one line an interval from this place.
#define LOG_LIMITED(interval, level, sentence, ...)                               \
  do {                                                                            \
    static ::postern::LogLimiter limiter_;                                        \
    if (limiter_.Admit(interval)) ::postern::Log(level, sentence, ##__VA_ARGS__); \
  } while (false)
