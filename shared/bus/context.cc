#include "shared/bus/context.h"

#include <zmq.h>

#include "shared/base/check.h"

namespace postern::bus {
namespace {

// A client's socket, and the two ends of its monitor; twice, since closed ones go in their own time.
constexpr int kSocketsOfAClient = 6;
constexpr int kSpareSockets = 64;

}  // namespace

Result<std::unique_ptr<Context>> Context::Make(int clients) {
  void* context = zmq_ctx_new();
  if (context == nullptr) return Error{ErrorCode::kUnavailable, "the system has no descriptors left"};
  const int most = zmq_ctx_get(context, ZMQ_SOCKET_LIMIT);
  const int wanted = clients * kSocketsOfAClient + kSpareSockets;
  if (wanted > most || zmq_ctx_set(context, ZMQ_MAX_SOCKETS, wanted) != 0) {
    zmq_ctx_term(context);
    return Error{ErrorCode::kUnavailable, "ZeroMQ can't serve so many clients in one process"};
  }
  return std::unique_ptr<Context>(new Context(context));
}

Context::~Context() { CHECK(zmq_ctx_term(context_) == 0); }

}  // namespace postern::bus
