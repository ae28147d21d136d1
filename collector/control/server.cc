#include "collector/control/server.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/control/line.h"
#include "shared/base/log.h"

namespace postern::control {
namespace {

constexpr size_t kThreads = 4;
constexpr int kBacklog = 16;
constexpr int kPauseMilliseconds = 100;
constexpr timeval kPatience{10, 0};  // for the request, and for who doesn't read the answer

Error Unavailable(const std::string& path) {
  return {ErrorCode::kUnavailable, path + " can't be listened on: " + std::generic_category().message(errno)};
}

// The kernel's word for who is at the other end.
bool IsOwnUserOrRoot(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == geteuid());
}

// What lies unread when a socket is closed makes the peer lose the answer; a peer that says ever more loses
// it all the same.
void TakeTheRest(int connection) {
  shutdown(connection, SHUT_WR);
  char piece[4096];
  for (int i = 0; i < 64 && recv(connection, piece, sizeof piece, 0) > 0; ++i) {
  }
}

std::string Failure(const Error& error) {
  std::string line = "failed " + std::string(Name(error.code)) + ' ' + error.message;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(const std::string& path,
                                               std::map<std::string, Handler> handlers) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.get() < 0) return Unavailable(path);
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.get() < 0) return Unavailable(path);
  unlink(path.c_str());
  const mode_t before = umask(0177);
  const int bound = bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || listen(listener.get(), kBacklog) != 0) return Unavailable(path);
  std::unique_ptr<Server> server(new Server(path, listener.Release(), wake.Release(), std::move(handlers)));
  for (size_t i = 0; i < kThreads; ++i) server->threads_.emplace_back([raw = server.get()] { raw->Serve(); });
  return server;
}

Server::Server(std::string path, int listener, int wake, std::map<std::string, Handler> handlers)
    : path_(std::move(path)), listener_(listener), wake_(wake), handlers_(std::move(handlers)) {}

Server::~Server() {
  Stop();
  close(listener_);
  close(wake_);
}

void Server::Stop() {
  if (stopping_.exchange(true)) return;
  unlink(path_.c_str());
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) Log(Level::kError, "the control socket's threads can't be woken");
  connections_.With([](const std::vector<int>& open) {
    for (const int connection : open) shutdown(connection, SHUT_RDWR);
  });
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Server::Serve() {
  for (;;) {
    pollfd watched[2] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0 && errno != EINTR) return;
    if (stopping_) return;
    const Descriptor connection(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) {
      // Another thread was quicker, or there is no descriptor to be had: then the listener stays readable.
      if (errno != EAGAIN && errno != EINTR) poll(&watched[1], 1, kPauseMilliseconds);
      continue;
    }
    connections_.With([&](std::vector<int>& open) { open.push_back(connection.get()); });
    if (!stopping_) Answer(connection.get());
    connections_.With([&](std::vector<int>& open) { std::erase(open, connection.get()); });
  }
}

void Server::Answer(int connection) {
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  // A peer that is gone before its answer has asked for nothing: writes to it may fail unseen.
  const auto say = [connection](std::string_view line) {
    static_cast<void>(WriteLine(connection, line).has_value());
  };
  std::string rest;
  const auto request = ReadLine(connection, rest);
  if (!request) {
    say(Failure(request.error()));
    return TakeTheRest(connection);
  }
  if (!IsOwnUserOrRoot(connection))
    return say(Failure({ErrorCode::kDenied, "only the collector's own user may ask"}));
  const size_t space = std::min(request->find(' '), request->size());
  const auto handler = handlers_.find(request->substr(0, space));
  if (handler == handlers_.end()) return say(Failure({ErrorCode::kInvalid, "there is no such command"}));
  const std::string argument = space < request->size() ? request->substr(space + 1) : "";
  const auto answer = handler->second(argument, [&](uint64_t done, uint64_t total) {
    say("progress " + std::to_string(done) + ' ' + std::to_string(total));
  });
  say(answer ? "done " + *answer : Failure(answer.error()));
}

}  // namespace postern::control
