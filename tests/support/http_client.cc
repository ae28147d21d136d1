#include "tests/support/http_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::support {
namespace {

constexpr size_t kNoSize = ~size_t{0};

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

template <class T>
std::optional<T> Number(std::string_view text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

Error Late(std::string_view what) { return {ErrorCode::kUnavailable, std::string(what) + " took too long"}; }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<SocketAddress> AddressOf(const Target& target) {
  SocketAddress address;
  if (!target.unix_path.empty()) {
    auto* const path = reinterpret_cast<sockaddr_un*>(&address.storage);
    path->sun_family = AF_UNIX;
    if (target.unix_path.size() >= sizeof(path->sun_path)) return std::nullopt;
    std::memcpy(path->sun_path, target.unix_path.c_str(), target.unix_path.size() + 1);
    address.size = sizeof(sockaddr_un);
    return address;
  }
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, target.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(target.port);
    address.size = sizeof(sockaddr_in);
    return address;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, target.address.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(target.port);
  address.size = sizeof(sockaddr_in6);
  return address;
}

// "HTTP/1.1 200 OK" and the lines after it, read leniently: what is odd about a head is the test's to judge.
bool ParseHead(Response& response) {
  std::string_view rest = response.head;
  const auto next_line = [&rest] {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    return line;
  };
  const std::string_view start = Trimmed(next_line());
  if (!start.starts_with("HTTP/1.") || start.size() < 12) return false;
  const auto status = Number<int>(start.substr(9, 3), 10);
  if (!status) return false;
  response.status = *status;
  response.reason = start.size() > 13 ? start.substr(13) : "";
  while (!rest.empty()) {
    const std::string_view line = Trimmed(next_line());
    const size_t colon = line.find(':');
    if (line.empty() || colon == std::string_view::npos) continue;
    response.headers.emplace_back(line.substr(0, colon), Trimmed(line.substr(colon + 1)));
  }
  return true;
}

}  // namespace

std::string Response::Find(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return "";
}

Result<RawConnection> RawConnection::Open(const Target& target) {
  const auto address = AddressOf(target);
  if (!address) return Error{ErrorCode::kInvalid, "not an address: " + target.address + target.unix_path};
  const int descriptor = ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Error{ErrorCode::kUnavailable, std::strerror(errno)};
  RawConnection connection(descriptor, target.patience);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0) {
    return Error{ErrorCode::kUnavailable, std::string("can't connect: ") + std::strerror(errno)};
  }
  ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (target.tls != nullptr) RETURN_IF_ERROR(connection.StartTls(*target.tls, target.tls_host));
  return connection;
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      patience_(other.patience_),
      tls_(std::move(other.tls_)),
      input_(std::move(other.input_)),
      reset_(other.reset_) {}

RawConnection::~RawConnection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status RawConnection::StartTls(tls::Context& context, const std::string& host) {
  ASSIGN_OR_RETURN(tls_, tls::Session::Connect(context, descriptor_, host));
  const Deadline deadline = NewDeadline();
  for (;;) {
    const tls::Step step = tls_->Handshake();
    if (step == tls::Step::kDone) return Ok{};
    if (step != tls::Step::kWantRead && step != tls::Step::kWantWrite) {
      return Error{ErrorCode::kUnavailable, "the TLS handshake failed: " + tls_->failure()};
    }
    if (!Await(step == tls::Step::kWantRead ? POLLIN : POLLOUT, deadline)) return Late("the TLS handshake");
  }
}

bool RawConnection::Await(short events, Deadline deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd watched{descriptor_, events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
  }
}

Status RawConnection::Send(std::string_view bytes) {
  const Deadline deadline = NewDeadline();
  while (!bytes.empty()) {
    short wanted = POLLOUT;
    if (tls_) {
      const tls::Transfer transfer = tls_->Write(bytes);
      if (transfer.step == tls::Step::kDone) {
        bytes.remove_prefix(transfer.bytes);
        continue;
      }
      if (transfer.step == tls::Step::kWantRead) wanted = POLLIN;
      if (transfer.step == tls::Step::kFailed || transfer.step == tls::Step::kClosed) {
        return Error{ErrorCode::kUnavailable, "the peer has closed the TLS connection"};
      }
    } else {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) {
        return Error{ErrorCode::kUnavailable, std::string("can't send: ") + std::strerror(errno)};
      }
    }
    if (!Await(wanted, deadline)) return Late("sending");
  }
  return Ok{};
}

RawConnection::More RawConnection::Fill(Deadline deadline) {
  std::array<char, 64 * 1024> part;  // NOLINT: filled by the read
  for (;;) {
    short wanted = POLLIN;
    if (tls_) {
      const tls::Transfer transfer = tls_->Read(part);
      if (transfer.step == tls::Step::kDone) {
        input_.append(part.data(), transfer.bytes);
        return More::kBytes;
      }
      if (transfer.step == tls::Step::kFailed) reset_ = true;  // an end without TLS's own goodbye
      if (transfer.step == tls::Step::kFailed || transfer.step == tls::Step::kClosed) return More::kEnd;
      if (transfer.step == tls::Step::kWantWrite) wanted = POLLOUT;
    } else {
      const ssize_t count = ::recv(descriptor_, part.data(), part.size(), 0);
      if (count > 0) {
        input_.append(part.data(), static_cast<size_t>(count));
        return More::kBytes;
      }
      if (count == 0) return More::kEnd;
      if (errno != EAGAIN && errno != EINTR) {
        reset_ = true;
        return More::kEnd;
      }
    }
    if (!Await(wanted, deadline)) return More::kTimeout;
  }
}

bool RawConnection::WaitForBytes() { return !input_.empty() || Fill(NewDeadline()) == More::kBytes; }

Result<std::string> RawConnection::ReadUntil(std::string_view delimiter) {
  const Deadline deadline = NewDeadline();
  size_t searched = 0;
  for (;;) {
    const size_t at = input_.find(delimiter, searched);
    if (at != std::string::npos) {
      std::string taken = input_.substr(0, at + delimiter.size());
      input_.erase(0, taken.size());
      return taken;
    }
    searched = input_.size() - std::min(input_.size(), delimiter.size());
    const More more = Fill(deadline);
    if (more == More::kTimeout) return Late("reading");
    if (more == More::kEnd) return Error{ErrorCode::kUnavailable, "the connection ended after: " + input_};
  }
}

Result<std::string> RawConnection::ReadSome(size_t most) {
  if (input_.empty()) {
    const More more = Fill(NewDeadline());
    if (more == More::kTimeout) return Late("reading");
    if (more == More::kEnd) return Error{ErrorCode::kNotFound, "the connection has ended"};
  }
  std::string taken = input_.substr(0, most);
  input_.erase(0, taken.size());
  return taken;
}

Result<std::string> RawConnection::ReadToEnd() {
  const Deadline deadline = NewDeadline();
  for (;;) {
    const More more = Fill(deadline);
    if (more == More::kTimeout) return Late("the end of the connection");
    if (more == More::kEnd) return std::exchange(input_, {});
  }
}

bool RawConnection::WaitForEnd(std::chrono::milliseconds patience) {
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  More more = More::kBytes;
  while (more == More::kBytes) more = Fill(deadline);
  return more == More::kEnd;
}

Result<Response> RawConnection::ReadResponse(std::string_view method) {
  std::vector<Response> interim;
  for (;;) {
    if (input_.empty()) {
      const More more = Fill(NewDeadline());
      if (more == More::kTimeout) return Late("the answer");
      if (more == More::kEnd) return Error{ErrorCode::kNotFound, "the connection ended without an answer"};
    }
    Response response;
    ASSIGN_OR_RETURN(response.head, ReadUntil("\r\n\r\n"));
    if (!ParseHead(response)) return Error{ErrorCode::kInvalid, "not an HTTP answer: " + response.head};
    if (response.status / 100 == 1) {
      interim.push_back(std::move(response));
      continue;
    }
    response.complete = ReadBody(response, method);
    response.interim = std::move(interim);
    return response;
  }
}

bool RawConnection::ReadBody(Response& response, std::string_view method) {
  if (method == "HEAD" || response.status == 204 || response.status == 304) return true;
  if (SameName(response.Find("transfer-encoding"), "chunked")) return ReadChunks(response);
  const std::string length = response.Find("content-length");
  const auto wanted = Number<size_t>(length, 10);
  const Deadline deadline = NewDeadline();
  More more = More::kBytes;
  while (more == More::kBytes && (!wanted || input_.size() < *wanted)) more = Fill(deadline);
  response.body = input_.substr(0, wanted.value_or(input_.size()));
  input_.erase(0, response.body.size());
  response.framed = response.body;
  return wanted ? response.body.size() == *wanted : more == More::kEnd && !reset_;
}

std::optional<std::string> RawConnection::TakeLine(std::string& taken) {
  auto line = ReadUntil("\r\n");
  if (!line) return std::nullopt;
  taken += *line;
  return line->substr(0, line->size() - 2);
}

bool RawConnection::ReadChunks(Response& response) {
  for (;;) {
    const auto size_line = TakeLine(response.framed);
    const size_t size = size_line ? Number<size_t>(*size_line, 16).value_or(kNoSize) : kNoSize;
    if (size == kNoSize) break;
    if (size == 0) {
      for (auto trailer = TakeLine(response.framed); trailer; trailer = TakeLine(response.framed)) {
        if (trailer->empty()) return true;
      }
      return false;
    }
    const Deadline deadline = NewDeadline();
    while (input_.size() < size + 2) {
      if (Fill(deadline) != More::kBytes) break;
    }
    const std::string_view arrived = std::string_view(input_).substr(0, size + 2);
    response.framed += arrived;
    response.body += arrived.substr(0, size);
    const bool whole = arrived.size() == size + 2 && arrived.ends_with("\r\n");
    input_.erase(0, arrived.size());
    if (!whole) return false;
  }
  // Not a chunk: what did come of it belongs to what the test may want to look at.
  response.framed += std::exchange(input_, {});
  return false;
}

void RawConnection::FinishSending() {
  if (tls_) tls_->Close();
  ::shutdown(descriptor_, SHUT_WR);
}

void RawConnection::Reset() {
  const linger abort{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  ::close(std::exchange(descriptor_, -1));
}

std::string FormatRequest(std::string_view method, std::string_view path, const Headers& headers,
                          std::string_view body) {
  std::string request = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  const auto given = [&headers](std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& header) { return SameName(header.first, name); });
  };
  if (!given("host")) request += "host: localhost\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  if ((!body.empty() || method == "POST") && !given("content-length") && !given("transfer-encoding")) {
    request += "content-length: " + std::to_string(body.size()) + "\r\n";
  }
  request += "\r\n";
  request += body;
  return request;
}

Result<Response> Fetch(const Target& target, std::string_view method, std::string_view path,
                       const Headers& headers, std::string_view body) {
  ASSIGN_OR_RETURN(RawConnection connection, RawConnection::Open(target));
  // An answer may come, and the connection end, before the whole request has been taken.
  const Status sent = connection.Send(FormatRequest(method, path, headers, body));
  auto response = connection.ReadResponse(method);
  if (!response && !sent) return sent.error();
  return response;
}

}  // namespace postern::support
