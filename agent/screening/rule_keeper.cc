#include "agent/screening/rule_keeper.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <pthread.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/policy/secrets.h"
#include "shared/rule_cache/rule_cache.h"
#include "shared/secrets/built_in.h"

namespace postern::screening {
namespace {

Result<secrets::Scanner> Compile(const std::string& rules, const std::filesystem::path& cache) {
  if (rules.empty()) return secrets::Scanner::Make(secrets::BuiltInRules(), rule_cache::In(cache));
  ASSIGN_OR_RETURN(secrets::RuleSet set, secrets::RulesBesideBuiltIn(rules, policy::kSecretRulesName));
  return secrets::Scanner::Make(std::move(set), rule_cache::In(cache));
}

}  // namespace

struct RuleKeeper::Shared {
  std::filesystem::path cache;
  std::function<void()> on_change;
  std::mutex mutex;
  std::condition_variable changed;
  std::string wanted;  // these and those below under the mutex
  bool was_asked = false;
  bool is_wanted = false;  // `wanted` isn't compiled yet
  bool stopping = false;
  bool compiling = false;
  RulesInUse in_use;
};

RuleKeeper::RuleKeeper(std::filesystem::path cache, std::function<void()> on_change)
    : shared_(std::make_shared<Shared>()) {
  shared_->cache = std::move(cache);
  shared_->on_change = std::move(on_change);
  thread_ = std::thread([shared = shared_] { Run(shared); });
}

RuleKeeper::~RuleKeeper() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->changed.notify_all();
  thread_.join();
}

bool RuleKeeper::Leave() {
  bool compiling = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    compiling = shared_->compiling;
  }
  shared_->changed.notify_all();
  if (!thread_.joinable()) return false;
  compiling ? thread_.detach() : thread_.join();
  return compiling;
}

void RuleKeeper::Want(const std::string& rules) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->was_asked && shared_->wanted == rules) return;
    shared_->was_asked = true;
    shared_->wanted = rules;
    shared_->is_wanted = true;
    shared_->in_use.compiling = true;
  }
  shared_->changed.notify_all();
}

RulesInUse RuleKeeper::InUse() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->in_use;
}

// The mutex is held.
void RuleKeeper::Use(Shared& shared, const std::string& rules, Result<secrets::Scanner> made) {
  if (!made) {
    shared.in_use.wrong = made.error().message;
    shared.in_use.compiling = shared.is_wanted;
    return;
  }
  auto scanner = std::make_shared<const secrets::Scanner>(*std::move(made));
  const size_t count = scanner->rules().rules.size();
  shared.in_use = {std::move(scanner), count, !rules.empty(), shared.is_wanted, ""};
}

void RuleKeeper::Run(const std::shared_ptr<Shared>& shared) {
  ::pthread_setname_np(::pthread_self(), "rules");
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->changed.wait(lock, [&] { return shared->stopping || shared->is_wanted; });
    if (shared->stopping) return;
    const std::string rules = shared->wanted;
    shared->is_wanted = false;
    shared->compiling = true;
    lock.unlock();
    const BootTime began = BootClock::now();
    auto made = Compile(rules, shared->cache);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - began);
    lock.lock();
    shared->compiling = false;
    if (shared->stopping) return;
    const std::string wrong = made ? "" : made.error().message;
    Use(*shared, rules, std::move(made));
    const size_t count = shared->in_use.count;
    lock.unlock();
    if (wrong.empty()) {
      Log(Level::kInfo, "rules for secrets are ready",
          {{"rules", count}, {"ms", static_cast<uint64_t>(took.count())}});
    } else {
      Log(Level::kError, "rules for secrets can't be compiled: those before them stay", {{"reason", wrong}});
    }
    shared->on_change();
    lock.lock();
  }
}

}  // namespace postern::screening
