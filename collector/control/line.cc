#include "collector/control/line.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace postern::control {

Result<std::string> ReadLine(int socket, std::string& rest) {
  for (;;) {
    if (const size_t end = rest.find('\n'); end != std::string::npos) {
      std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      return line;
    }
    if (rest.size() > kLongestLine) return Error{ErrorCode::kInvalid, "a line is too long"};
    char piece[4096];
    const ssize_t size = recv(socket, piece, sizeof piece, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return Error{ErrorCode::kUnavailable, "the other end went away before it had said all"};
    rest.append(piece, static_cast<size_t>(size));
  }
}

Status WriteLine(int socket, std::string_view line) {
  std::string whole(line);
  whole += '\n';
  for (std::string_view left = whole; !left.empty();) {
    const ssize_t size = send(socket, left.data(), left.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Error{ErrorCode::kUnavailable, "the other end is gone"};
    left.remove_prefix(static_cast<size_t>(size));
  }
  return Ok{};
}

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return Error{ErrorCode::kInvalid, path + ": a socket's path has at most " +
                                          std::to_string(sizeof(address.sun_path) - 1) +
                                          " bytes; use a shorter state directory"};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Descriptor::~Descriptor() {
  if (value_ >= 0) close(value_);
}

int Descriptor::Release() { return std::exchange(value_, -1); }

}  // namespace postern::control
