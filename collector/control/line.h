// One line over a socket: what both ends of the control socket are made of.
#pragma once

#include <string>
#include <string_view>

#include <sys/un.h>

#include "shared/base/result.h"

namespace postern::control {

inline constexpr size_t kLongestLine = 8192;

// A line without its end. kUnavailable where the peer went away or took too long first, kInvalid where the
// line is longer than that. `rest` holds what came after it, for the next call.
Result<std::string> ReadLine(int socket, std::string& rest);

// kUnavailable where the peer is gone.
Status WriteLine(int socket, std::string_view line);

// kInvalid where the path doesn't fit.
Result<sockaddr_un> AddressOf(const std::string& path);

// Closes at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int Release();

 private:
  int value_;
};

}  // namespace postern::control
