// Events to fill, in the memory of events that were recorded before.
//
// An intent and an outcome are some forty small pieces of memory. Made in the loop's thread and freed in the
// spool's, none of them comes back to where the next is made, and getting them anew took a quarter of what
// the loop does by itself. So the spool gives events back once their bytes are written, and they are filled
// again. Of what they said nothing is left.
#pragma once

#include <vector>

#include "shared/wire/event.h"

namespace postern::gate {

// Owned by the loop thread.
class BlankEvents {
 public:
  static constexpr size_t kMost = 256;  // of each kind

  // Takes what it can use out of `spent`, and leaves it empty.
  void Take(std::vector<wire::Event>& spent);

  // An empty event with an empty intent, which has an empty principal and OS user: every intent has them.
  wire::Event Intent();
  // An empty event with an empty outcome.
  wire::Event Outcome();

  bool has_intents() const { return !intents_.empty(); }
  bool has_outcomes() const { return !outcomes_.empty(); }

 private:
  std::vector<wire::Event> intents_;
  std::vector<wire::Event> outcomes_;
};

}  // namespace postern::gate
