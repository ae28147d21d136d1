#include "tests/support/held_port.h"

#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/http_client.h"

namespace postern::support {
namespace {

// A server's socket there; negative where it can't listen.
int Listen(uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      ::listen(descriptor, 1) == 0)
    return descriptor;
  ::close(descriptor);
  return -1;
}

TEST(HeldPort, IsThereForWhoAsksForItAgainAndAgain) {
  const HeldPort port;
  ASSERT_NE(port.number(), 0);
  EXPECT_FALSE(RawConnection::Open({.port = port.number()}));
  for (int i = 0; i < 3; ++i) {
    const int server = Listen(port.number());
    ASSERT_GE(server, 0);
    EXPECT_TRUE(RawConnection::Open({.port = port.number()}));
    ::close(server);
  }
  EXPECT_FALSE(RawConnection::Open({.port = port.number()}));
}

TEST(HeldPort, IsHeldByOne) {
  const HeldPort port;
  EXPECT_EQ(HeldPort(port.number()).number(), 0);
  const int server = Listen(port.number());
  EXPECT_EQ(HeldPort(port.number()).number(), 0);
  ::close(server);
}

TEST(HeldPort, IsFreeAfterwards) {
  uint16_t number = 0;
  {
    HeldPort port;
    const HeldPort moved = std::move(port);
    number = moved.number();
  }
  EXPECT_EQ(HeldPort(number).number(), number);
}

}  // namespace
}  // namespace postern::support
