// A port of 127.0.0.1 for programs that have to know it before they start, or come back to it.
#pragma once

#include <cstdint>

namespace postern::support {

// As long as it lives, nobody is given the port who doesn't ask for it: neither for a connection out nor for
// port 0, of which a port that is only free for the moment is never safe. A server that sets SO_REUSEADDR may
// listen there, as often as it likes; while none does, connections are refused.
class HeldPort {
 public:
  HeldPort() : HeldPort(0) {}
  explicit HeldPort(uint16_t number);  // 0: any
  HeldPort(HeldPort&& other) noexcept;
  HeldPort& operator=(HeldPort&&) = delete;
  ~HeldPort();

  uint16_t number() const { return number_; }  // 0: it was taken

 private:
  int descriptor_;
  uint16_t number_ = 0;
};

}  // namespace postern::support
