#include "shared/http/resolver.h"

#include <algorithm>
#include <cstring>

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

namespace postern::http {
namespace {

constexpr std::chrono::seconds kFresh{30};

void SetPort(Address& address, uint16_t port) {
  if (address.family() == AF_INET) reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port = htons(port);
  if (address.family() == AF_INET6)
    reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port = htons(port);
}

}  // namespace

Resolver::Resolver(Loop& loop) : loop_(loop), thread_([this](const std::stop_token& stop) { Work(stop); }) {}

Resolver::~Resolver() {
  thread_.request_stop();
  asked_.notify_all();
}

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
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back(host);
  }
  asked_.notify_one();
}

void Resolver::Work(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "resolver");
  for (;;) {
    std::string host;
    {
      std::unique_lock lock(mutex_);
      if (!asked_.wait(lock, stop, [this] { return !questions_.empty(); })) return;
      host = std::move(questions_.back());
      questions_.pop_back();
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    std::vector<Address> addresses;
    for (const addrinfo* entry = found; error == 0 && entry != nullptr; entry = entry->ai_next) {
      Address address;
      std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
      address.size = entry->ai_addrlen;
      addresses.push_back(address);
    }
    if (error == 0) ::freeaddrinfo(found);
    std::string failure = error == 0 ? "it has no address" : ::gai_strerror(error);
    loop_.Post([this, host, addresses = std::move(addresses), failure = std::move(failure)]() mutable {
      OnAnswer(host, std::move(addresses), std::move(failure));
    });
  }
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
