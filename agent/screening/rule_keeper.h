// The rules that secrets are found by, compiled: the built-in ones and, beside them, those of the policy.
//
//   a policy with other rules ──▶ compiled by a thread of its own ──▶ in use from the next request on
//
// Until then the former ones serve; at the first start nobody is served before the first are ready. What was
// compiled is kept on the disk (shared/rule_cache), since compiling takes seconds and loading a millisecond.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "shared/base/result.h"
#include "shared/secrets/scanner.h"

namespace postern::screening {

struct RulesInUse {
  std::shared_ptr<const secrets::Scanner> scanner;  // null: none are ready yet
  size_t count = 0;                                 // of rules
  bool own = false;                                 // with the policy's beside the built-in ones
  bool compiling = false;                           // others are on their way
  std::string wrong;  // why the wanted ones could not be compiled; empty: they were
};

// Thread-safe.
class RuleKeeper {
 public:
  // `on_change` is called from the compiling thread whenever InUse says something else.
  RuleKeeper(std::filesystem::path cache, std::function<void()> on_change);
  ~RuleKeeper();
  RuleKeeper(const RuleKeeper&) = delete;

  // These are to be used, in Gitleaks' format, beside the built-in ones; empty: those alone. Costs nothing
  // where they are wanted already.
  void Want(const std::string& rules);

  RulesInUse InUse() const;

 private:
  void Run();

  const std::filesystem::path cache_;
  const std::function<void()> on_change_;
  mutable std::mutex mutex_;
  std::condition_variable wanted_changed_;
  std::string wanted_;  // these and those below under mutex_
  bool was_asked_ = false;
  bool is_wanted_ = false;  // `wanted_` isn't compiled yet
  bool stopping_ = false;
  RulesInUse in_use_;
  std::thread thread_;
};

}  // namespace postern::screening
