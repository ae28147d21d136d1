#include "collector/state.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collector/store/rocks_store.h"
#include "shared/base/version.h"

namespace postern::collector {
namespace {

std::string HostName() {
  utsname system{};
  return uname(&system) == 0 ? system.nodename : "";
}

Error NotToBeHad(const Path& path) {
  return {ErrorCode::kUnavailable,
          path.string() + " can't be had: " + std::generic_category().message(errno)};
}

}  // namespace

Result<StateLock> StateLock::Take(const CollectorConfig& config) {
  std::error_code error;
  if (std::filesystem::create_directories(config.state, error)) {
    std::filesystem::permissions(config.state, std::filesystem::perms::owner_all, error);
  }
  if (error)
    return Error{ErrorCode::kUnavailable, config.state.string() + " can't be made: " + error.message()};
  const Path path = config.state / "collector.lock";
  StateLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ < 0) return NotToBeHad(path);
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return NotToBeHad(path);
  return Error{
      ErrorCode::kDenied,
      config.state.string() + " is in use: a collector runs on it, or another command does; stop it first"};
}

StateLock::StateLock(StateLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StateLock::~StateLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string StoreDirectory(const CollectorConfig& config) { return config.state / "store"; }

Result<std::unique_ptr<State>> OpenState(const CollectorConfig& config, StateLock lock, Keyring keyring,
                                         const std::string& program, chronicle::Beginning beginning) {
  auto state = std::make_unique<State>(State{std::move(lock), std::move(keyring), nullptr, nullptr, nullptr});
  ASSIGN_OR_RETURN(state->store, store::OpenRocksStore({.directory = StoreDirectory(config)}));
  ASSIGN_OR_RETURN(state->chronicle, chronicle::Chronicle::Open(*state->store, state->keyring.log_key,
                                                                {.beginning = beginning,
                                                                 .program = program,
                                                                 .version = std::string(kVersion),
                                                                 .host = HostName()}));
  state->directory =
      std::make_unique<directory::Directory>(*state->store, *state->chronicle, state->keyring.master_key,
                                             directory::Options{.organisation = config.organisation});
  return state;
}

Result<std::unique_ptr<State>> OpenState(const CollectorConfig& config, const std::string& program,
                                         chronicle::Beginning beginning) {
  ASSIGN_OR_RETURN(StateLock lock, StateLock::Take(config));
  ASSIGN_OR_RETURN(Keyring keyring, LoadKeyring(config));
  return OpenState(config, std::move(lock), std::move(keyring), program, beginning);
}

}  // namespace postern::collector
