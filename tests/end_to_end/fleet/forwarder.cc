#include "tests/end_to_end/fleet/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/check.h"

namespace postern::end_to_end {
namespace {

sockaddr_in Address(const std::string& host, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  CHECK(::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1);
  return address;
}

const sockaddr* AsSockaddr(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Whether there may be more.
bool Copy(int from, int to) {
  char bytes[16 * 1024];
  const auto got = ::recv(from, bytes, sizeof(bytes), 0);
  return got > 0 && ::send(to, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace

Forwarder::Forwarder(uint16_t to) : to_(to), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const sockaddr_in here = Address("127.0.0.1", 0);
  CHECK(::bind(listener_, AsSockaddr(here), sizeof(here)) == 0);
  CHECK(::listen(listener_, 16) == 0);
  thread_ = std::thread([this] { Run(); });
}

Forwarder::~Forwarder() {
  ending_.store(true);
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

uint16_t Forwarder::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

void Forwarder::Run() {
  while (!ending_.load()) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    Pass(client);
    ::close(client);
  }
}

void Forwarder::Pass(int from_client) const {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in source = Address(source_.With([](const std::string& value) { return value; }), 0);
  const sockaddr_in target = Address("127.0.0.1", to_);
  if (::bind(server, AsSockaddr(source), sizeof(source)) == 0 &&
      ::connect(server, AsSockaddr(target), sizeof(target)) == 0) {
    for (bool open = true; open;) {
      pollfd ends[] = {{from_client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(ends, 2, -1) < 0) break;
      if (ends[0].revents != 0) open = Copy(from_client, server);
      if (open && ends[1].revents != 0) open = Copy(server, from_client);
    }
  }
  ::close(server);
}

}  // namespace postern::end_to_end
