#include "shared/http/resolver.h"

#include <algorithm>
#include <cstring>

#include <netdb.h>
#include <netinet/in.h>

namespace postern::http {
namespace {

constexpr std::chrono::seconds kFresh{30};

void SetPort(Address& address, uint16_t port) {
  if (address.family() == AF_INET) reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
  if (address.family() == AF_INET6)
    reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
}

struct LookedUp {
  std::vector<Address> addresses;
  std::string failure;
};

LookedUp LookUp(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return {{}, ::gai_strerror(error)};
  LookedUp result{{}, "it has no address"};
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    result.addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return result;
}

}  // namespace

Task<Result<std::vector<Address>>> Resolver::Resolve(Strand& strand, const std::string& host, uint16_t port) {
  if (const auto address = Address::OfHost(host, port)) co_return std::vector<Address>{*address};
  Known& known = known_[host];
  if (known.until <= loop_.now() && !known.asked) Ask(host);
  while (known.asked && known.addresses.empty()) {
    known.waiting.push_back(&strand);
    const Wake wake = co_await strand.Wait();
    std::erase(known.waiting, &strand);
    if (wake != Wake::kEvent) {
      co_return Error{ErrorCode::kUnavailable, "the name " + host + " was not resolved in time"};
    }
  }
  if (known.addresses.empty()) {
    co_return Error{ErrorCode::kUnavailable, "the name " + host + " can't be resolved: " + known.failure};
  }
  std::vector<Address> addresses = known.addresses;
  for (Address& address : addresses) SetPort(address, port);
  co_return addresses;
}

void Resolver::Ask(const std::string& host) {
  known_[host].asked = true;
  // While the name is looked up this may be destroyed; what is posted after that never runs.
  worker_.Do([this, &loop = loop_, host] {
    auto [addresses, failure] = LookUp(host);
    loop.Post([this, host, found = std::move(addresses), why = std::move(failure)]() mutable {
      OnAnswer(host, std::move(found), std::move(why));
    });
  });
}

void Resolver::OnAnswer(const std::string& host, std::vector<Address> addresses, std::string failure) {
  Known& known = known_[host];
  known.asked = false;
  known.failure = std::move(failure);
  if (!addresses.empty()) {
    known.addresses = std::move(addresses);
    known.until = loop_.now() + kFresh;
  }
  for (Strand* strand : known.waiting) strand->Notify();
}

}  // namespace postern::http
