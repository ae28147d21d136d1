// Frames that other threads have for agents; the conversation thread sends them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "collector/ledger/output.h"
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

  // For whoever is connected as this holder by then; for nobody where it isn't.
  struct Parcel {
    ledger::Holder to;
    std::string frame;  // empty: it is to say Hello
  };

  void Put(std::vector<Letter> letters) {
    letters_.With([&](auto& waiting) { Append(waiting, letters); });
  }
  void Put(std::vector<Parcel> parcels) {
    parcels_.With([&](auto& waiting) { Append(waiting, parcels); });
  }

  std::vector<Letter> TakeAll() {
    return letters_.With([](auto& waiting) { return std::exchange(waiting, {}); });
  }
  std::vector<Parcel> TakeParcels() {
    return parcels_.With([](auto& waiting) { return std::exchange(waiting, {}); });
  }

 private:
  template <class T>
  static void Append(std::vector<T>& waiting, std::vector<T>& more) {
    waiting.insert(waiting.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  Guarded<std::vector<Letter>> letters_;
  Guarded<std::vector<Parcel>> parcels_;
};

}  // namespace postern::intake
