#include "shared/bus/socket.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "shared/base/check.h"

namespace postern::bus {
namespace {

// Bytes that a message of ZeroMQ's refers to.
struct Share {
  std::shared_ptr<const std::string> bytes;
  std::shared_ptr<std::atomic<uint32_t>> waiting;
  // ZeroMQ orders its threads by means that a race detector can't see; this says the same in words that it
  // knows.
  std::atomic<bool> is_complete = false;
};

void LetGo(void*, void* hint) {
  const std::unique_ptr<Share> share(static_cast<Share*>(hint));
  CHECK(share->is_complete.load(std::memory_order_acquire));
  if (share->waiting) share->waiting->fetch_sub(1, std::memory_order_acq_rel);
}

}  // namespace

std::string_view Message::property(const char* name) {
  const char* value = zmq_msg_gets(&message_, name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

int Message::source() { return zmq_msg_get(&message_, ZMQ_SRCFD); }

Result<Socket> Socket::Make(void* context, int type) {
  void* socket = zmq_socket(context, type);
  if (socket == nullptr) return Error{ErrorCode::kUnavailable, "ZeroMQ has no sockets left"};
  Socket made(socket);
  made.Set(ZMQ_LINGER, 0);
  return made;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (socket_ != nullptr) CHECK(zmq_close(socket_) == 0);
    socket_ = std::exchange(other.socket_, nullptr);
  }
  return *this;
}

Socket::~Socket() {
  if (socket_ != nullptr) CHECK(zmq_close(socket_) == 0);
}

void Socket::Set(int option, int value) {
  CHECK(zmq_setsockopt(socket_, option, &value, sizeof(value)) == 0);
}

void Socket::Set(int option, int64_t value) {
  CHECK(zmq_setsockopt(socket_, option, &value, sizeof(value)) == 0);
}

void Socket::Set(int option, std::string_view value) {
  CHECK(zmq_setsockopt(socket_, option, value.data(), value.size()) == 0);
}

void Socket::SetKeys(const CurveKeys& keys) {
  Set(ZMQ_CURVE_PUBLICKEY, AsBytes(keys.public_key));
  Set(ZMQ_CURVE_SECRETKEY, AsBytes(keys.secret_key));
}

void Socket::EndMonitor() { CHECK(zmq_socket_monitor(socket_, nullptr, 0) == 0); }

int Socket::descriptor() const {
  int descriptor = -1;
  size_t size = sizeof(descriptor);
  CHECK(zmq_getsockopt(socket_, ZMQ_FD, &descriptor, &size) == 0);
  return descriptor;
}

bool Socket::CanReceive() {
  int events = 0;
  size_t size = sizeof(events);
  CHECK(zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0);
  return (events & ZMQ_POLLIN) != 0;
}

bool Socket::Receive(Message& message) {
  int received = -1;
  do {
    received = zmq_msg_recv(message.get(), socket_, ZMQ_DONTWAIT);
  } while (received < 0 && errno == EINTR);
  return received >= 0;
}

bool Socket::Send(std::string_view bytes, int flags) {
  int sent = -1;
  do {
    sent = zmq_send(socket_, bytes.data(), bytes.size(), flags | ZMQ_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

bool Socket::SendShared(const std::shared_ptr<const std::string>& bytes,
                        const std::shared_ptr<std::atomic<uint32_t>>& waiting) {
  auto share = std::make_unique<Share>(bytes, waiting);
  if (waiting) waiting->fetch_add(1, std::memory_order_acq_rel);
  share->is_complete.store(true, std::memory_order_release);
  // ZeroMQ reads them alone: what goes out is an encrypted copy.
  void* data = const_cast<char*>(bytes->data());
  zmq_msg_t message;
  CHECK(zmq_msg_init_data(&message, data, bytes->size(), LetGo, share.release()) == 0);
  int sent = -1;
  do {
    sent = zmq_msg_send(&message, socket_, ZMQ_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) zmq_msg_close(&message);
  return sent >= 0;
}

Result<Monitor> Monitor::Of(void* context, Socket& watched, const std::string& name, int events) {
  Monitor monitor;
  ASSIGN_OR_RETURN(monitor.socket_, Socket::Make(context, ZMQ_PAIR));
  const std::string endpoint = "inproc://" + name;
  if (zmq_socket_monitor(watched.get(), endpoint.c_str(), events) != 0)
    return Error{ErrorCode::kUnavailable, "ZeroMQ has no sockets left"};
  CHECK(zmq_connect(monitor.socket_.get(), endpoint.c_str()) == 0);
  // ZeroMQ tells a reader of what comes only once the reader has found nothing.
  CHECK(!monitor.socket_.CanReceive());
  return monitor;
}

std::optional<Monitor::Event> Monitor::Receive() {
  Message head;
  if (!socket_.Receive(head)) return std::nullopt;
  // 16 bits of event and 32 of value, in the machine's order (zmq_socket_monitor(3)); then the address.
  uint16_t event = 0;
  uint32_t value = 0;
  CHECK(head.bytes().size() == sizeof(event) + sizeof(value));
  std::memcpy(&event, head.bytes().data(), sizeof(event));
  std::memcpy(&value, head.bytes().data() + sizeof(event), sizeof(value));
  Message address;
  CHECK(head.more() && socket_.Receive(address));
  return Event{event, static_cast<int>(value)};
}

WakeUp::WakeUp() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { CHECK(descriptor_ >= 0); }

WakeUp::~WakeUp() { ::close(descriptor_); }

void WakeUp::Raise() {
  const uint64_t one = 1;
  // It fails only where the counter is full, and then it is readable anyway.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof(one));
}

void WakeUp::Clear() {
  uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(descriptor_, &count, sizeof(count));
}

Result<std::string> EndpointOf(std::string_view address) {
  const size_t colon = address.rfind(':');
  const Error invalid{ErrorCode::kInvalid, "an address of the bus is written host:port"};
  if (colon == std::string_view::npos || colon == 0) return invalid;
  const std::string_view host = address.substr(0, colon);
  const std::string_view digits = address.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size()) return invalid;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  // ZeroMQ gives ';', '/' and a second ':' meanings of its own.
  if (!bracketed && host.find_first_of(":;/*[] ") != std::string_view::npos) return invalid;
  if (bracketed && host.find_first_of(";/* ") != std::string_view::npos) return invalid;
  return "tcp://" + std::string(host) + ":" + std::to_string(port);
}

}  // namespace postern::bus
