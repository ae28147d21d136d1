#include "shared/rest/server.h"

#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/Net/TCPServerConnectionFactory.h>
#include <Poco/ThreadPool.h>

#include "shared/base/guarded.h"
#include "shared/base/log.h"
#include "shared/rest/exchange.h"
#include "shared/rest/tls.h"
#include "shared/rest/watch.h"

namespace postern::rest {
namespace {

using Poco::Net::Context;
using Poco::Net::StreamSocket;

Poco::Timespan ToPoco(std::chrono::milliseconds time) {
  return {time.count() / 1000, time.count() % 1000 * 1000};
}

}  // namespace

// The shared state of the accepting thread and the pool's: each connection takes a thread of the pool while
// it is served.
class Server::State {
 public:
  State(ServerOptions options, Handler handler, Context::Ptr context);
  ~State() { Stop(); }

  Status Listen();
  void Stop();
  void Serve(StreamSocket& socket);

  uint16_t port() const { return port_; }
  ServerStats stats() const;
  const ServerOptions& options() const { return options_; }
  void set_context(Context::Ptr context) {
    context_.With([&](Context::Ptr& current) { current = std::move(context); });
  }

 private:
  // A source's place among those of its address, given back at the end.
  class Place {
   public:
    Place(State& state, std::string source);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    bool taken() const { return taken_; }

   private:
    State& state_;
    const std::string source_;
    bool taken_ = false;
  };

  class Connection;
  class Factory;

  void ServeRequests(StreamSocket& socket, Watch::Entry& entry);

  const ServerOptions options_;
  const Handler handler_;
  Guarded<Context::Ptr> context_;
  Guarded<std::map<std::string, size_t>> per_source_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> open_{0}, accepted_{0}, turned_away_{0}, timed_out_{0}, unreadable_{0};
  Watch watch_;
  Poco::ThreadPool pool_;
  Poco::Net::ServerSocket listening_;
  uint16_t port_ = 0;
  std::optional<Poco::Net::TCPServer> tcp_;
};

class Server::State::Connection : public Poco::Net::TCPServerConnection {
 public:
  Connection(const StreamSocket& socket, State& state)
      : Poco::Net::TCPServerConnection(socket), state_(state) {}
  void run() override { state_.Serve(socket()); }

 private:
  State& state_;
};

class Server::State::Factory : public Poco::Net::TCPServerConnectionFactory {
 public:
  explicit Factory(State& state) : state_(state) {}
  Poco::Net::TCPServerConnection* createConnection(const StreamSocket& socket) override {
    return new Connection(socket, state_);  // POCO's to delete
  }

 private:
  State& state_;
};

Server::State::State(ServerOptions options, Handler handler, Context::Ptr context)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      context_(std::move(context)),
      pool_(2, static_cast<int>(options_.threads), 60) {}

Status Server::State::Listen() {
  try {
    const Poco::Net::SocketAddress address(options_.address);
    listening_.bind(address, true, false);  // never beside another process: no SO_REUSEPORT
    listening_.listen(128);
    Poco::Net::TCPServerParams::Ptr parameters(new Poco::Net::TCPServerParams);
    parameters->setMaxThreads(static_cast<int>(options_.threads));
    parameters->setMaxQueued(static_cast<int>(
        options_.connections > options_.threads ? options_.connections - options_.threads : 1));
    tcp_.emplace(new Factory(*this), pool_, listening_, parameters);
    port_ = tcp_->port();
    tcp_->start();
    return Ok{};
  } catch (const Poco::Exception& problem) {
    return Error{ErrorCode::kUnavailable,
                 "can't listen on " + options_.address + ": " + problem.displayText()};
  }
}

void Server::State::Stop() {
  if (!tcp_ || stopping_.exchange(true)) return;
  tcp_->stop();
  listening_.close();
  watch_.Drain();
  pool_.joinAll();
}

ServerStats Server::State::stats() const {
  return {.connections = open_,
          .accepted = accepted_,
          .turned_away = turned_away_ + static_cast<uint64_t>(tcp_->refusedConnections()),
          .timed_out = timed_out_,
          .unreadable = unreadable_};
}

Server::State::Place::Place(State& state, std::string source) : state_(state), source_(std::move(source)) {
  taken_ = state_.per_source_.With([&](auto& places) {
    size_t& taken = places[source_];
    if (taken >= state_.options_.connections_per_source) return false;
    ++taken;
    return true;
  });
}

Server::State::Place::~Place() {
  if (!taken_) return;
  state_.per_source_.With([&](auto& places) {
    const auto found = places.find(source_);
    if (--found->second == 0) places.erase(found);
  });
}

void Server::State::Serve(StreamSocket& socket) {
  const Place place(*this, socket.peerAddress().host().toString());
  if (!place.taken()) {
    turned_away_.fetch_add(1);
    return;
  }
  accepted_.fetch_add(1);
  open_.fetch_add(1);
  Watch::Entry entry(watch_, socket.impl()->sockfd());
  try {
    ServeRequests(socket, entry);
  } catch (const Poco::Exception&) {
    // The connection is of no more use; whether that was a deadline is told below.
  } catch (const std::exception& problem) {
    Log(Level::kError, "a request ended in an exception", {{"what", problem.what()}});
  }
  if (entry.expired()) timed_out_.fetch_add(1);
  open_.fetch_sub(1);
}

void Server::State::ServeRequests(StreamSocket& socket, Watch::Entry& entry) {
  entry.Expect(options_.head_timeout);
  auto secure = Poco::Net::SecureStreamSocket::attach(
      socket, context_.With([](const Context::Ptr& current) { return current; }));
  try {
    secure.completeHandshake();
  } catch (const Poco::Exception&) {
    unreadable_.fetch_add(1);
    throw;
  }
  // POCO's own timeouts are for each piece; the watch's are shorter than the sum of them.
  Poco::Net::HTTPServerParams::Ptr parameters(new Poco::Net::HTTPServerParams);
  parameters->setTimeout(ToPoco(options_.head_timeout));
  parameters->setKeepAlive(true);
  parameters->setKeepAliveTimeout(ToPoco(options_.idle_timeout));
  parameters->setMaxKeepAliveRequests(10'000);
  Poco::Net::HTTPServerSession session(secure, parameters);
  secure.setSendTimeout(ToPoco(options_.answer_timeout));
  const Serving serving{options_, handler_, stopping_, unreadable_};
  while (session.hasMoreRequests()) {
    entry.Expect(options_.head_timeout);
    // Nobody keeps a thread for later while others wait for one.
    const After wanted = tcp_->queuedConnections() == 0 ? After::kKeep : After::kClose;
    if (Exchange(serving, session, entry).Serve(wanted) == After::kClose) break;
    entry.Wait(options_.idle_timeout);
  }
  entry.Expect(options_.head_timeout);
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler) {
  ASSIGN_OR_RETURN(auto context, ServerContext(options.certificate, options.key));
  auto state = std::make_unique<State>(std::move(options), std::move(handler), std::move(context));
  RETURN_IF_ERROR(state->Listen());
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

uint16_t Server::port() const { return state_->port(); }
ServerStats Server::stats() const { return state_->stats(); }

Status Server::ReloadCertificate() {
  ASSIGN_OR_RETURN(auto context, ServerContext(state_->options().certificate, state_->options().key));
  state_->set_context(std::move(context));
  return Ok{};
}

void Server::Stop() { state_->Stop(); }

}  // namespace postern::rest
