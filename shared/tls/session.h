// One TLS connection over a non-blocking descriptor.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "shared/base/result.h"
#include "shared/tls/context.h"

namespace postern::tls {

enum class Step {
  kDone,       // the call did what it should
  kWantRead,   // call again with the same arguments once the descriptor is readable
  kWantWrite,  // … writable
  kClosed,     // the peer ended the session properly
  kFailed,     // the connection is of no more use
};

struct Transfer {
  Step step;
  size_t bytes = 0;  // with kDone: at least one
};

// Doesn't own the descriptor, which must live longer. Thread-compatible.
class Session {
 public:
  // A client's session with `host`, which the peer's certificate must be for (a name, or an address without
  // brackets).
  static Result<std::unique_ptr<Session>> Connect(Context& context, int descriptor, const std::string& host);
  static Result<std::unique_ptr<Session>> Accept(Context& context, int descriptor);
  ~Session();

  Step Handshake();
  // One sentence, after a handshake that failed: why the peer isn't trusted, or what went wrong.
  const std::string& failure() const { return failure_; }
  bool resumed() const;

  Transfer Read(std::span<char> into);
  // May take less than all of it. After kWantRead or kWantWrite the next call must begin with the same bytes.
  Transfer Write(std::span<const char> bytes);
  // Says goodbye without waiting for an answer.
  void Close();

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  Step StepOf(int result);

  std::unique_ptr<State> state_;
  std::string failure_;
};

}  // namespace postern::tls
