// Tells all who wait that something has changed.
#pragma once

#include <set>

#include "shared/http/loop.h"

namespace postern::provider {

// Owned by the loop thread.
class Bell {
 public:
  void Ring() {
    for (http::Strand* const strand : waiting_) strand->Notify();
  }

  // Waits until `condition()` holds; it is looked at again after each ring.
  template <class Condition>
  http::Task<http::Wake> WaitFor(http::Strand& strand, Condition condition) {
    struct Place {
      std::multiset<http::Strand*>& waiting;
      std::multiset<http::Strand*>::iterator at;
      ~Place() { waiting.erase(at); }
    };
    const Place place{waiting_, waiting_.insert(&strand)};
    while (!condition()) {
      const http::Wake wake = co_await strand.Wait();
      if (wake != http::Wake::kEvent) co_return wake;
    }
    co_return http::Wake::kEvent;
  }

 private:
  std::multiset<http::Strand*> waiting_;
};

}  // namespace postern::provider
