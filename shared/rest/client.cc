#include "shared/rest/client.h"

#include <algorithm>
#include <istream>
#include <ostream>

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <signal.h>
#include <time.h>

#include "shared/base/version.h"
#include "shared/rest/tls.h"

namespace postern::rest {
namespace {

using Poco::Net::Context;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::SecureStreamSocket;

constexpr size_t kMaxLineBytes = 1 << 20;

Poco::Timespan ToPoco(std::chrono::milliseconds time) {
  return {time.count() / 1000, time.count() % 1000 * 1000};
}

// A peer that hangs up raises SIGPIPE in the thread that writes; here it is an error like another.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec at_once{};
    if (sigismember(&before_, SIGPIPE) == 0) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

bool IsAddress(const std::string& host) {
  Poco::Net::IPAddress address;
  return Poco::Net::IPAddress::tryParse(host, address);
}

Error Unreachable(const Url& url, const std::string& why) {
  return {ErrorCode::kUnavailable, "the collector at " + url.ToString() + " can't be reached: " + why};
}

std::string Reason(const Poco::Exception& problem) {
  if (dynamic_cast<const Poco::TimeoutException*>(&problem) != nullptr) return "it takes too long";
  if (dynamic_cast<const Poco::Net::ConnectionRefusedException*>(&problem) != nullptr)
    return "nothing listens there";
  if (dynamic_cast<const Poco::Net::HostNotFoundException*>(&problem) != nullptr)
    return "its name isn't known";
  return problem.displayText();
}

// Tries the addresses of the name in turn.
Result<SecureStreamSocket> Connect(const Url& url, const Context::Ptr& context,
                                   std::chrono::milliseconds timeout) {
  std::string why = "its name has no address";
  try {
    std::vector<Poco::Net::IPAddress> addresses;
    if (IsAddress(url.host)) addresses.emplace_back(url.host);
    else addresses = Poco::Net::DNS::hostByName(url.host).addresses();
    for (const auto& address : addresses) {
      SecureStreamSocket socket(context);
      if (!IsAddress(url.host)) socket.setPeerHostName(url.host);
      socket.setLazyHandshake(true);
      try {
        socket.connect(Poco::Net::SocketAddress(address, url.port), ToPoco(timeout));
        socket.setReceiveTimeout(ToPoco(timeout));
        socket.setSendTimeout(ToPoco(timeout));
        return socket;
      } catch (const Poco::Exception& problem) {
        why = Reason(problem);
      }
    }
  } catch (const Poco::Exception& problem) {
    why = Reason(problem);
  }
  return Unreachable(url, why);
}

Status Handshake(const Url& url, SecureStreamSocket& socket) {
  try {
    socket.completeHandshake();
    return Ok{};
  } catch (const Poco::Net::SSLException& problem) {
    if (problem.displayText().find("certificate verify failed") != std::string::npos)
      return Error{ErrorCode::kDenied, "the certificate of " + url.ToString() +
                                           " isn't trusted: no authority that this host knows "
                                           "has signed it, or it has expired"};
    return Unreachable(url, "it doesn't speak TLS as we do");
  } catch (const Poco::Exception& problem) {
    return Unreachable(url, Reason(problem));
  }
}

}  // namespace

struct Client::State {
  ClientOptions options;
  Url url;
  Context::Ptr context;

  using Take = std::function<bool(std::string_view)>;

  Status CheckPeer(SecureStreamSocket& socket) const;
  Result<Reply> Send(const Call& call, const Take* take) const;
  Result<Reply> Exchange(HTTPClientSession& session, const Call& call, const Take* take) const;
  Result<std::string> ReadBody(std::istream& in, const HTTPResponse& head) const;
  Status ReadLines(std::istream& in, const Take& take) const;
  Error Broken(const HTTPClientSession& session) const;
};

// Before this is Ok, nothing is sent.
Status Client::State::CheckPeer(SecureStreamSocket& socket) const {
  RETURN_IF_ERROR(Handshake(url, socket));
  try {
    if (!options.fingerprint.empty()) {
      const std::string shown = FingerprintOf(socket.peerCertificate());
      if (shown == options.fingerprint) return Ok{};
      return Error{ErrorCode::kDenied, "the key of " + url.ToString() + " has the fingerprint " + shown +
                                           ", which is not the one that was given: it is not the collector, "
                                           "or its certificate was renewed with another key"};
    }
    socket.verifyPeerCertificate(url.host);
    return Ok{};
  } catch (const Poco::Exception&) {
    return Error{ErrorCode::kDenied,
                 "the certificate of " + url.ToString() + " isn't for this name, or isn't trusted"};
  }
}

Error Client::State::Broken(const HTTPClientSession& session) const {
  const Poco::Exception* problem = session.networkException();
  if (dynamic_cast<const Poco::TimeoutException*>(problem) != nullptr)
    return {ErrorCode::kUnavailable, "the collector at " + url.ToString() + " takes too long to answer"};
  return {ErrorCode::kUnavailable, "the connection to " + url.ToString() + " broke off"};
}

Result<Reply> Client::State::Send(const Call& call, const Take* take) const {
  const NoPipeSignal no_signal;
  ASSIGN_OR_RETURN(SecureStreamSocket socket, Connect(url, context, options.connect_timeout));
  RETURN_IF_ERROR(CheckPeer(socket));
  HTTPClientSession session(socket);
  session.setKeepAlive(false);
  session.setTimeout(ToPoco(options.timeout));
  socket.setReceiveTimeout(ToPoco(options.timeout));
  socket.setSendTimeout(ToPoco(options.timeout));
  try {
    return Exchange(session, call, take);
  } catch (const Poco::Exception& problem) {
    if (dynamic_cast<const Poco::TimeoutException*>(&problem) != nullptr)
      return Error{ErrorCode::kUnavailable,
                   "the collector at " + url.ToString() + " takes too long to answer"};
    return Broken(session);
  }
}

Result<Reply> Client::State::Exchange(HTTPClientSession& session, const Call& call, const Take* take) const {
  std::string target = call.path;
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    target += separator + Escape(name) + "=" + Escape(value);
    separator = '&';
  }
  HTTPRequest request(call.method, target, HTTPRequest::HTTP_1_1);
  request.setHost(url.host, url.port);
  request.set("User-Agent", "postern/" + std::string(kVersion));
  request.set("Accept", call.accept);
  if (!options.token.empty()) request.set("Authorization", "Bearer " + options.token);
  if (!call.body.empty()) request.setContentType(call.content_type);
  if (call.method != "GET" && call.method != "HEAD")
    request.setContentLength64(static_cast<Poco::Int64>(call.body.size()));
  std::ostream& out = session.sendRequest(request);
  out.write(call.body.data(), static_cast<std::streamsize>(call.body.size()));
  out.flush();
  if (!out.good()) return Broken(session);

  HTTPResponse head;
  std::istream& in = session.receiveResponse(head);
  Reply reply;
  reply.status = head.getStatus();
  reply.content_type = head.getContentType();
  for (const auto& [name, value] : head) {
    std::string small = Poco::toLower(name);
    std::string& all = reply.headers[small];
    all += (all.empty() ? "" : ", ") + value;
  }
  if (take != nullptr && reply.status == 200) {
    RETURN_IF_ERROR(ReadLines(in, *take));
    return reply;
  }
  auto body = ReadBody(in, head);
  if (!body) return body.error().code == ErrorCode::kUnavailable ? Broken(session) : body.error();
  reply.body = *std::move(body);
  return reply;
}

Result<std::string> Client::State::ReadBody(std::istream& in, const HTTPResponse& head) const {
  constexpr size_t kPiece = 64 << 10;
  std::string body;
  while (in.good()) {
    const size_t before = body.size();
    body.resize(before + kPiece);
    in.read(body.data() + before, kPiece);
    body.resize(before + static_cast<size_t>(in.gcount()));
    if (body.size() > options.body_bytes)
      return Error{ErrorCode::kExhausted, "the answer of " + url.ToString() + " is larger than " +
                                              std::to_string(options.body_bytes) + " bytes"};
  }
  const bool whole = !in.bad() && (!head.hasContentLength() ||
                                   body.size() == static_cast<uint64_t>(head.getContentLength64()));
  if (!whole) return Error{ErrorCode::kUnavailable, ""};
  return body;
}

Status Client::State::ReadLines(std::istream& in, const Take& take) const {
  std::string line;
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get()) {
    if (c != '\n') {
      if (line.size() == kMaxLineBytes)
        return Error{ErrorCode::kExhausted, "a line of the answer of " + url.ToString() + " is too long"};
      line += static_cast<char>(c);
      continue;
    }
    if (!take(line)) return Ok{};
    line.clear();
  }
  if (in.bad()) return Error{ErrorCode::kUnavailable, "the connection to " + url.ToString() + " broke off"};
  return Ok{};
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Make(ClientOptions options) {
  auto state = std::make_unique<State>();
  ASSIGN_OR_RETURN(state->url, Url::Parse(options.url));
  const std::string& print = options.fingerprint;
  const bool hexadecimal = std::all_of(
      print.begin(), print.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!print.empty() && (print.size() != 64 || !hexadecimal))
    return Error{ErrorCode::kInvalid, "a fingerprint has 64 hexadecimal digits, small letters"};
  if (print.empty()) {
    ASSIGN_OR_RETURN(state->context, VerifyingContext(options.authority));
  } else {
    ASSIGN_OR_RETURN(state->context, PinningContext());
  }
  state->options = std::move(options);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Result<Reply> Client::Send(const Call& call) const { return state_->Send(call, nullptr); }

Result<Reply> Client::Follow(const Call& call, const std::function<bool(std::string_view)>& take) const {
  return state_->Send(call, &take);
}

Result<std::string> ShownFingerprint(const Url& url, std::chrono::milliseconds timeout) {
  const NoPipeSignal no_signal;
  ASSIGN_OR_RETURN(const Context::Ptr context, PinningContext());
  ASSIGN_OR_RETURN(SecureStreamSocket socket, Connect(url, context, timeout));
  RETURN_IF_ERROR(Handshake(url, socket));
  try {
    return FingerprintOf(socket.peerCertificate());
  } catch (const Poco::Exception&) {
    return Unreachable(url, "it shows no certificate");
  }
}

}  // namespace postern::rest
