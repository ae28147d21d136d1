// The rules that secrets are found by, compiled: the built-in ones and, beside them, those of the policy.
//
//   a policy with other rules ──▶ compiled by a thread of its own ──▶ in use from the next request on
//
// Until then the former ones serve; at the first start nobody is served before the first are ready. What was
// compiled is kept on the disk (shared/rule_cache), since compiling takes seconds and loading a millisecond.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
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
  // `on_change` is called from the compiling thread whenever InUse says something else, and never once this
  // has been left or destroyed.
  RuleKeeper(std::filesystem::path cache, std::function<void()> on_change);
  // Waits for what is being compiled.
  ~RuleKeeper();
  RuleKeeper(const RuleKeeper&) = delete;

  // These are to be used, in Gitleaks' format, beside the built-in ones; empty: those alone. Costs nothing
  // where they are wanted already.
  void Want(const std::string& rules);

  RulesInUse InUse() const;

  // Nothing more is wanted: ends the thread, but where it is compiling, which can't be interrupted. Whether
  // it is: it then goes on until the process ends, touches nothing but what is its own, and destroying this
  // doesn't wait for it. Nothing static may be destroyed meanwhile.
  [[nodiscard]] bool Leave();

 private:
  struct Shared;
  static void Run(const std::shared_ptr<Shared>& shared);
  static void Use(Shared& shared, const std::string& rules, Result<secrets::Scanner> made);

  const std::shared_ptr<Shared> shared_;  // with the thread
  std::thread thread_;
};

}  // namespace postern::screening
