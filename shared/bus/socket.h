// A ZeroMQ socket, its messages and its monitor, closed when they go. Private to this directory: it includes
// ZeroMQ.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <zmq.h>

#include "shared/base/result.h"
#include "shared/bus/curve.h"
#include "shared/bus/frame.h"

namespace postern::bus {

// What both ends have in common, from the measurements in README.md.
constexpr int kHeartbeatMilliseconds = 30'000;
constexpr int kHeartbeatTimeoutMilliseconds = 90'000;
constexpr int kHandshakeMilliseconds = 60'000;

// ZeroMQ's bound of a frame counts what CURVE puts around it: a command's name, a nonce, a flag and a tag.
constexpr size_t kCurveBytes = 33;
constexpr int64_t kMaxBoxedBytes = kMaxFrameBytes + kCurveBytes;

// How the server tells a client that its key is revoked, in ZAP's terms.
constexpr const char* kRevokedStatus = "400";
constexpr int kRevokedStatusNumber = 400;

class Message {
 public:
  Message() { zmq_msg_init(&message_); }
  ~Message() { zmq_msg_close(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  zmq_msg_t* get() { return &message_; }
  std::string_view bytes() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  bool more() { return zmq_msg_more(&message_) != 0; }
  // "User-Id", "Peer-Address", …; empty where the connection has none.
  std::string_view property(const char* name);
  // The descriptor of the connection that it came by, or -1.
  int source();

 private:
  zmq_msg_t message_;
};

// Owned by one thread.
class Socket {
 public:
  Socket() = default;
  // kUnavailable: the context has no more sockets.
  static Result<Socket> Make(void* context, int type);
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  void* get() const { return socket_; }
  explicit operator bool() const { return socket_ != nullptr; }

  void Set(int option, int value);
  void Set(int option, int64_t value);
  void Set(int option, std::string_view value);
  void SetKeys(const CurveKeys& keys);

  // Nothing is told to its monitor any more. To be called before the monitor goes: ZeroMQ's threads would
  // wait for ever to tell one that is gone.
  void EndMonitor();

  // Becomes readable when something of the socket may have changed since CanReceive or Receive last found
  // nothing; then CanReceive says whether there is a message. A Send may have noticed the change in passing:
  // after one CanReceive is to be asked before the descriptor is waited for.
  int descriptor() const;
  bool CanReceive();

  // Whether there was a message; never waits.
  bool Receive(Message& message);
  // Whether it was taken; never waits. The reason is in errno.
  bool Send(std::string_view bytes, int flags);
  // As Send with no flags, of bytes that aren't copied. Whatever becomes of them: once ZeroMQ needs them no
  // more they are let go, and `waiting`, which counted them since, is told, in any of its threads.
  bool SendShared(const std::shared_ptr<const std::string>& bytes,
                  const std::shared_ptr<std::atomic<uint32_t>>& waiting);

 private:
  explicit Socket(void* socket) : socket_(socket) {}
  void* socket_ = nullptr;
};

// What happens to the connections of a socket. Socket::EndMonitor comes before its end.
class Monitor {
 public:
  struct Event {
    int event;  // ZMQ_EVENT_…
    int value;  // a descriptor, an errno or a status, depending on it
  };

  Monitor() = default;
  // `name` is the only one of its context.
  static Result<Monitor> Of(void* context, Socket& watched, const std::string& name, int events);

  void* get() const { return socket_.get(); }
  // Readable while there may be an event that Receive hasn't given.
  int descriptor() const { return socket_.descriptor(); }
  // The next event, or nothing for now.
  std::optional<Event> Receive();

 private:
  Socket socket_;
};

// A descriptor that other threads make readable to end a zmq_poll.
class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  int descriptor() const { return descriptor_; }
  void Raise();
  void Clear();

 private:
  int descriptor_;
};

// "tcp://…" of "host:port". kInvalid for anything else.
Result<std::string> EndpointOf(std::string_view address);

}  // namespace postern::bus
