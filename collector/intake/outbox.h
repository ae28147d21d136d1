// Frames that other threads have for agents; the conversation thread sends them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/guarded.h"
#include "shared/bus/server.h"

namespace postern::intake {

// Bounded by what it answers: a few frames for each that was received. Thread-safe.
class Outbox {
 public:
  struct Letter {
    bus::Peer peer{};
    std::string frame;
  };

  void Put(std::vector<Letter> letters) {
    letters_.With([&](auto& waiting) {
      waiting.insert(waiting.end(), std::make_move_iterator(letters.begin()),
                     std::make_move_iterator(letters.end()));
    });
  }

  std::vector<Letter> TakeAll() {
    return letters_.With([](auto& waiting) { return std::exchange(waiting, {}); });
  }

 private:
  Guarded<std::vector<Letter>> letters_;
};

}  // namespace postern::intake
