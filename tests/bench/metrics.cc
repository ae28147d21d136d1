#include "tests/bench/metrics.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::bench {
namespace {

// The answer to GET /metrics, head and all.
std::string Scrape(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string answer;
  const std::string request =
      "GET /metrics HTTP/1.1\r\nHost: localhost:" + std::to_string(port) + "\r\nConnection: close\r\n\r\n";
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 65536> buffer;
    for (ssize_t count = 0; (count = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<size_t>(count));
    }
  }
  ::close(socket);
  return answer;
}

}  // namespace

std::optional<double> SampleIn(std::string_view exposition, std::string_view name) {
  for (size_t at = exposition.find(name); at != std::string_view::npos; at = exposition.find(name, at + 1)) {
    const bool begins_line = at == 0 || exposition[at - 1] == '\n';
    const std::string_view rest = exposition.substr(at + name.size());
    if (begins_line && rest.starts_with(' '))
      return std::strtod(std::string(rest.substr(1, 40)).c_str(), nullptr);
  }
  return std::nullopt;
}

std::string DescribeSpoolBatches(uint16_t operations_port) {
  const std::string exposition = Scrape(operations_port);
  const auto events = SampleIn(exposition, "postern_spool_batch_events_sum");
  const auto batches = SampleIn(exposition, "postern_spool_batch_events_count");
  const auto syncs = SampleIn(exposition, "postern_spool_syncs_total");
  if (!events || !batches || *batches == 0 || !syncs || *syncs == 0) return "";
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "spool batches of %.1f events, syncs of %.1f", *events / *batches,
                *events / *syncs);
  return text.data();
}

Status AwaitSecretRules(uint16_t operations_port, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (SampleIn(Scrape(operations_port), "postern_secret_rules").value_or(0) == 0) {
    if (std::chrono::steady_clock::now() > end)
      return Error{ErrorCode::kUnavailable,
                   "its rules for secrets aren't ready after " + std::to_string(limit.count()) + " s"};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Ok{};
}

}  // namespace postern::bench
