// An agent's end of the bus: one DEALER socket under CURVE, to one server whose key is known beforehand.
//
//   connecting ──▶ connected ──▶ connecting …          refused: the server said that this key is revoked
//
// Each connection is a new socket: what was queued for the old one is gone, nothing of it comes before the
// first word on the new one, and a refused handshake is tried again, which ZeroMQ itself would not do.
// Between attempts lie 0.5 s, then twice as much each time up to 25 s, each drawn at random between half of
// that and all of it, so that a thousand agents don't come back in the same instant.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/bus/context.h"
#include "shared/bus/curve.h"
#include "shared/bus/frame.h"

namespace postern::bus {

enum class ClientState { kConnecting, kConnected, kRefused };
const char* Name(ClientState state);  // "connecting", "connected", "refused"

struct ClientOptions {
  std::string address;  // "collector.example.com:4791", "[2001:db8::7]:4791"
  CurveKeys keys;
  CurveKey server_key{};
  std::chrono::milliseconds first_retry{500};
  std::chrono::milliseconds last_retry{25'000};
};

// Owned by one thread, but for Wake. (ZeroMQ's threads are the Context's.)
class Client {
 public:
  // Connects in the background. `context` must live longer. kInvalid: the address is none; kUnavailable: the
  // system has no more sockets to give.
  static Result<std::unique_ptr<Client>> Connect(Context& context, ClientOptions options);
  ~Client();

  ClientState state() const;
  // How many connections there have been, this one included: another number is another connection.
  uint64_t connections() const;

  // Until there is something to receive, the state changes, Wake was called, or the time is over.
  void Wait(std::chrono::milliseconds timeout);

  // The next message of this connection, or nothing for now: then Wait. At most 64 wait here; then TCP pushes
  // back.
  std::optional<std::string> Receive();

  // Queues one frame (at most kMaxFrameBytes: a CHECK); never waits. kUnavailable: not connected; kExhausted:
  // 64 messages wait already. In both cases it is not sent. Success says nothing about arrival.
  Status Send(std::string_view frame);

  // Ends the connection, which the caller has found to be of no use, and makes a new one after the first
  // pause.
  void Reconnect();

  // What is queued now has so long to go out after this client's end; without it, it is dropped. The
  // context's end waits for it.
  void Linger(std::chrono::milliseconds most);

  // Ends the Wait under way, or the next one. From any thread.
  void Wake();

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::bus
