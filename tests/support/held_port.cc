#include "tests/support/held_port.h"

#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/check.h"

namespace postern::support {

HeldPort::HeldPort(uint16_t number) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK(descriptor_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) != 0) {
    CHECK(number != 0);  // of all ports none is left
    return;
  }
  CHECK(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  number_ = ntohs(address.sin_port);
  // Only now: bound with it, two could hold the same port.
  const int on = 1;
  CHECK(::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
}

HeldPort::HeldPort(HeldPort&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), number_(std::exchange(other.number_, 0)) {}

HeldPort::~HeldPort() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace postern::support
