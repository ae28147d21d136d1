#include "agent/screening/rule_keeper.h"

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

RuleKeeper::RuleKeeper(std::filesystem::path cache, std::function<void()> on_change)
    : cache_(std::move(cache)), on_change_(std::move(on_change)), thread_([this] { Run(); }) {}

RuleKeeper::~RuleKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_changed_.notify_all();
  thread_.join();
}

void RuleKeeper::Want(const std::string& rules) {
  {
    const std::lock_guard lock(mutex_);
    if (was_asked_ && wanted_ == rules) return;
    was_asked_ = true;
    wanted_ = rules;
    is_wanted_ = true;
    in_use_.compiling = true;
  }
  wanted_changed_.notify_all();
}

RulesInUse RuleKeeper::InUse() const {
  const std::lock_guard lock(mutex_);
  return in_use_;
}

void RuleKeeper::Run() {
  ::pthread_setname_np(::pthread_self(), "rules");
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_changed_.wait(lock, [this] { return stopping_ || is_wanted_; });
    if (stopping_) return;
    const std::string rules = wanted_;
    is_wanted_ = false;
    lock.unlock();
    const BootTime began = BootClock::now();
    auto made = Compile(rules, cache_);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - began);
    std::shared_ptr<const secrets::Scanner> scanner;
    if (made) scanner = std::make_shared<const secrets::Scanner>(*std::move(made));
    if (scanner) {
      Log(Level::kInfo, "rules for secrets are ready",
          {{"rules", scanner->rules().rules.size()}, {"ms", static_cast<uint64_t>(took.count())}});
    } else {
      Log(Level::kError, "rules for secrets can't be compiled: those before them stay",
          {{"reason", made.error().message}});
    }
    lock.lock();
    if (scanner) {
      in_use_ = {scanner, scanner->rules().rules.size(), !rules.empty(), is_wanted_, ""};
    } else {
      in_use_.wrong = made.error().message;
      in_use_.compiling = is_wanted_;
    }
    lock.unlock();
    on_change_();
    lock.lock();
  }
}

}  // namespace postern::screening
