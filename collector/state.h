// What lies in the state directory, opened: by the daemon, and by the commands that work while it doesn't
// run.
#pragma once

#include <memory>
#include <string>

#include "collector/chronicle/chronicle.h"
#include "collector/config.h"
#include "collector/directory/directory.h"
#include "collector/keyring.h"
#include "collector/store/store.h"
#include "shared/base/result.h"

namespace postern::collector {

// One collector, or one command, a state directory. Released when it goes. Thread-compatible.
class StateLock {
 public:
  // Makes the directory (mode 0700) where it isn't there. kDenied where somebody else holds it, kUnavailable
  // where the directory or its lock file can't be had.
  static Result<StateLock> Take(const CollectorConfig& config);

  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// The members in the order in which each rests on those before it.
struct State {
  StateLock lock;
  Keyring keyring;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<chronicle::Chronicle> chronicle;
  std::unique_ptr<directory::Directory> directory;
};

// The directory where the store is.
std::string StoreDirectory(const CollectorConfig& config);

// Opens the store, begins the chronicle's new life and reads the directory. `program` is what the record says
// has started: "run", "init", "recover". The keyring is there already, since `init` makes it.
Result<std::unique_ptr<State>> OpenState(const CollectorConfig& config, StateLock lock, Keyring keyring,
                                         const std::string& program, chronicle::Beginning beginning);

// The same with the lock and the keyring of an initialised state.
Result<std::unique_ptr<State>> OpenState(const CollectorConfig& config, const std::string& program,
                                         chronicle::Beginning beginning = chronicle::Beginning::kGoOn);

}  // namespace postern::collector
