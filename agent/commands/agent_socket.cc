#include "agent/commands/agent_socket.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::commands {
namespace {

class Connection {
 public:
  Connection() : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Connection() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // 0 or an errno.
  int Connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (descriptor_ < 0) return errno;
    if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.data(), path.size());
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0
                                                                                                   : errno;
  }

  Result<std::string> Exchange(std::string_view request) {
    while (!request.empty()) {
      const ssize_t sent = send(descriptor_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent < 0)
        return Error{ErrorCode::kUnavailable, std::string("the agent went away: ") + std::strerror(errno)};
      request.remove_prefix(static_cast<size_t>(sent));
    }
    std::string answer;
    char chunk[65536];
    ssize_t size = 0;
    while ((size = recv(descriptor_, chunk, sizeof(chunk), 0)) > 0)
      answer.append(chunk, static_cast<size_t>(size));
    if (size < 0)
      return Error{ErrorCode::kUnavailable, std::string("the agent doesn't answer: ") + std::strerror(errno)};
    return answer;
  }

 private:
  const int descriptor_;
};

Error CannotConnect(const std::string& socket, int problem) {
  if (problem == ENOENT || problem == ECONNREFUSED)
    return {ErrorCode::kNotFound, "no agent listens at " + socket};
  return {ErrorCode::kUnavailable, "cannot ask the agent at " + socket + ": " + std::strerror(problem)};
}

// The value of a header field, or nothing; names are compared without case.
std::string_view FieldOf(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
      return a == std::tolower(static_cast<unsigned char>(b));
    });
    if (!same) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

}  // namespace

Status Reach(const std::string& socket) {
  Connection connection;
  if (const int problem = connection.Connect(socket)) return CannotConnect(socket, problem);
  return Ok{};
}

Result<std::string> Ask(const std::string& socket, std::string_view method, std::string_view target) {
  Connection connection;
  if (const int problem = connection.Connect(socket)) return CannotConnect(socket, problem);
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  if (method == "POST") request += "Content-Length: 0\r\n";
  ASSIGN_OR_RETURN(const std::string answer, connection.Exchange(request + "\r\n"));
  return BodyOf(answer);
}

Result<std::string> BodyOf(std::string_view answer) {
  const Error not_http{ErrorCode::kCorrupt, "the agent's answer can't be understood"};
  const Error went_away{ErrorCode::kUnavailable, "the agent went away"};
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const size_t head_size = answer.find("\r\n\r\n");
  if (answer.empty()) return went_away;
  if (!answer.starts_with(kVersion) || head_size == std::string_view::npos) return not_http;
  const std::string_view head = answer.substr(0, head_size + 2);
  const std::string_view body = answer.substr(head_size + 4);
  int status = 0;
  std::from_chars(head.data() + kVersion.size(), head.data() + head.size(), status);
  if (const std::string_view length = FieldOf(head, "content-length"); !length.empty()) {
    size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    if (body.size() < size) return went_away;
    if (body.size() > size) return not_http;
  } else if (!FieldOf(head, "transfer-encoding").empty()) {
    return not_http;
  }
  if (status == 200) return std::string(body);
  if (status >= 400 && status < 500)
    return Error{ErrorCode::kInvalid, "the agent refused: " + std::string(body)};
  return Error{ErrorCode::kUnavailable, "the agent answered with status " + std::to_string(status)};
}

}  // namespace postern::commands
