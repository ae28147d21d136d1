// Reads the whole store once and compares what is kept twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

// What was found wrong, in sentences; no more than a person would read. Thread-compatible.
class Problems {
 public:
  void Add(std::string sentence);
  std::vector<std::string> Take();

 private:
  static constexpr size_t kMost = 100;
  std::vector<std::string> sentences_;
  uint64_t more_ = 0;
};

// For one check. Thread-compatible; lives no longer than the view.
class Auditor {
 public:
  // Gives up as soon as `gives_up` is set.
  Auditor(const kv::View& view, const std::function<void(uint64_t, uint64_t)>& progress,
          const std::atomic<bool>& gives_up)
      : view_(view), progress_(progress), gives_up_(gives_up) {}

  // kUnavailable where it had to give up. Damage that stops a part of it is a problem like any other.
  Result<std::vector<std::string>> Check();

 private:
  Status CheckLog();
  Status CheckDirectory();
  Status CheckRecord(std::string_view key, std::string_view value, uint64_t& rows);
  Status CheckAside();
  Status CheckLedger();
  void Run(const char* what, const Status& status);

  const kv::View& view_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  const std::atomic<bool>& gives_up_;
  Problems problems_;
};

}  // namespace postern::store
