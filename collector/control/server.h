// The daemon's end of the control socket. README.md has the protocol.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/base/guarded.h"
#include "shared/base/result.h"

namespace postern::control {

using Progress = std::function<void(uint64_t done, uint64_t total)>;

// Answers one command: a line of JSON, or why not. Called by several threads at once.
using Handler = std::function<Result<std::string>(const std::string& argument, const Progress& progress)>;

// Owns the threads that serve. Thread-compatible.
class Server {
 public:
  // Listens at `path`; what lies there is replaced, so the caller must hold the state directory's lock.
  // kUnavailable where it can't be had, kInvalid for a path that is too long for a socket.
  static Result<std::unique_ptr<Server>> Listen(const std::string& path,
                                                std::map<std::string, Handler> handlers);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stops

  // Takes nothing more, breaks off who is still talking, waits for handlers to return. May be called again.
  void Stop();

 private:
  Server(std::string path, int listener, int wake, std::map<std::string, Handler> handlers);
  void Serve();
  void Answer(int connection);

  const std::string path_;
  const int listener_;
  const int wake_;  // eventfd: readable once it stops
  const std::map<std::string, Handler> handlers_;
  Guarded<std::vector<int>> connections_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace postern::control
