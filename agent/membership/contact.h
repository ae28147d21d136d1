// When the collector was last heard, also across restarts. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::membership {

// The last answered word, as it is kept on disk: on this machine's boot clock where it is the same boot, by
// the wall clock otherwise. A wall clock that was set back can't be told from one that is right: then the
// word is as old as can be. Thread-compatible.
class Contact {
 public:
  // Longer than anything.
  static constexpr std::chrono::nanoseconds kUnknown = std::chrono::nanoseconds::max();

  // `boot_id` names this boot of the machine.
  explicit Contact(std::string boot_id) : boot_id_(std::move(boot_id)) {}

  // What Encode wrote. kCorrupt for anything else.
  Status Restore(std::string_view bytes);
  std::string Encode() const;

  // A word that was sent at `sent` was answered. Times are now.
  void Heard(BootTime sent, BootTime boot_now, WallTime wall_now);

  // How long ago the newest of these was sent; nothing where there was none.
  std::optional<std::chrono::nanoseconds> Age(BootTime boot_now, WallTime wall_now) const;

 private:
  struct Word {
    std::string boot_id;
    BootTime boot{};
    WallTime wall{};
  };

  std::string boot_id_;
  std::optional<Word> last_;
};

}  // namespace postern::membership
