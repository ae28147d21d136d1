#include "agent/doctor/examination.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/identity/descriptor.h"
#include "shared/rest/client.h"

namespace postern::doctor {
namespace {

using identity::Descriptor;

constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kMostSkew{60};
constexpr uint64_t kDiskBesides = 64 << 20;  // what the record's store needs besides its records
constexpr size_t kMostSettings = 1 << 20;
constexpr WallTime kEarliest{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

Observation Good(std::string_view subject, std::string sentence) {
  return {std::string(subject), Verdict::kGood, std::move(sentence)};
}
Observation Note(std::string_view subject, std::string sentence) {
  return {std::string(subject), Verdict::kNote, std::move(sentence)};
}
Observation Finding(std::string_view subject, std::string sentence) {
  return {std::string(subject), Verdict::kFinding, std::move(sentence)};
}

std::string Because(int error) { return std::generic_category().message(error); }

struct Addresses {
  explicit Addresses(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  }
  Addresses(const Addresses&) = delete;
  ~Addresses() {
    if (list != nullptr) ::freeaddrinfo(list);
  }
  addrinfo* list = nullptr;
  int error = 0;
};

// 0, or an errno.
int ConnectTo(const addrinfo& address) {
  const Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno;
  if (::connect(socket.number(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{.fd = socket.number(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

Observation ExamineBus(const std::string& bus) {
  constexpr std::string_view kSubject = "collector, agents";
  const size_t colon = bus.rfind(':');
  std::string host = bus.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const Addresses addresses(host, bus.substr(colon + 1));
  if (addresses.error != 0)
    return Finding(kSubject, bus + " has no address: " + ::gai_strerror(addresses.error) + ".");
  int error = 0;
  for (const addrinfo* each = addresses.list; each != nullptr; each = each->ai_next) {
    error = ConnectTo(*each);
    if (error == 0) return Good(kSubject, bus + " can be reached.");
  }
  return Finding(kSubject, bus + " can't be reached: " + Because(error) + ".");
}

}  // namespace

Observation ExamineState(const agent::AgentConfig& config) {
  constexpr std::string_view kSubject = "state directory";
  const std::string path = config.state.string();
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return Note(kSubject, path + " isn't there: it is made at the first start.");
    return Finding(kSubject, path + " can't be looked at: " + Because(errno) + ".");
  }
  if (!S_ISDIR(status.st_mode)) return Finding(kSubject, path + " is no directory.");
  if ((status.st_mode & 077) != 0)
    return Finding(kSubject, path + " is open to others than its owner: `chmod 700` it.");
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0)
    return Finding(kSubject, path + " can't be written by this user: " + Because(errno) + ".");
  struct statvfs disk{};
  if (::statvfs(path.c_str(), &disk) != 0) return Finding(kSubject, path + ": " + Because(errno) + ".");
  const uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free < kDiskBesides)
    return Finding(kSubject, "Its disk is nearly full, so that the record can't be kept.");
  if (free < static_cast<uint64_t>(config.audit.spool_max_bytes) / 2 + kDiskBesides)
    return Note(kSubject, "Its disk has less room than half of audit.spool.max_bytes.");
  return Good(kSubject, path + " is private and has room.");
}

Observation ExamineClock(WallTime here, std::optional<WallTime> there) {
  constexpr std::string_view kSubject = "clock";
  if (here < kEarliest) return Finding(kSubject, "It is before 2026 here: set the clock.");
  if (!there) return Good(kSubject, "It can be right.");
  const auto skew = std::chrono::duration_cast<std::chrono::seconds>(here - *there);
  if (skew <= kMostSkew && skew >= -kMostSkew) return Good(kSubject, "It agrees with the collector's.");
  const std::string seconds = std::to_string(std::abs(skew.count()));
  return Finding(kSubject, "It is " + seconds + " seconds " + (skew.count() > 0 ? "ahead of" : "behind") +
                               " the collector's.");
}

Observation ExaminePort(std::string_view subject, const agent::Address& address) {
  if (address.port == 0) return Good(subject, "Any free port.");
  const Addresses addresses(address.host, std::to_string(address.port));
  if (addresses.error != 0)
    return Finding(subject, address.ToString() + " is no address: " + ::gai_strerror(addresses.error) + ".");
  const Descriptor socket(::socket(addresses.list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (socket.is_open() && ::bind(socket.number(), addresses.list->ai_addr, addresses.list->ai_addrlen) == 0 &&
      ::listen(socket.number(), 1) == 0) {
    return Good(subject, address.ToString() + " is free.");
  }
  if (errno == EADDRINUSE)
    return Finding(subject, address.ToString() + " is taken by another program, and the agent doesn't run.");
  return Finding(subject, address.ToString() + " can't be had: " + Because(errno) + ".");
}

std::vector<Observation> ExamineCollector(const membership::Enrolment& enrolment,
                                          std::optional<WallTime>& time) {
  constexpr std::string_view kSubject = "collector, API";
  std::vector<Observation> observations;
  const auto client = rest::Client::Make({.url = enrolment.url,
                                          .fingerprint = enrolment.fingerprint,
                                          .authority = {},
                                          .token = {},
                                          .connect_timeout = kPatience,
                                          .timeout = kPatience});
  if (!client) return {Finding(kSubject, client.error().message + ".")};
  const rest::Call call{.path = "/healthz", .query = {}, .body = {}};
  const auto reply = (*client)->Send(call);
  if (!reply && reply.error().code == ErrorCode::kDenied) {
    observations.push_back(
        Finding(kSubject, enrolment.url + " shows another key than the collector that this host joined."));
  } else if (!reply) {
    observations.push_back(Finding(kSubject, reply.error().message + "."));
  } else if (reply->status != 200) {
    observations.push_back(Finding(kSubject, enrolment.url + " answers with " +
                                                 std::to_string(reply->status) + " when asked how it is."));
  } else {
    observations.push_back(Good(kSubject, enrolment.url + " is well and is the one that this host joined."));
  }
  if (reply) {
    const auto date = reply->headers.find("date");
    if (date != reply->headers.end()) time = ParseHttpDate(date->second);
  }
  observations.push_back(ExamineBus(enrolment.bus));
  return observations;
}

std::vector<SettingsFile> ReadManagedSettings(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "managed-settings.d", error)) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  paths.insert(paths.begin(), directory / "managed-settings.json");
  std::vector<SettingsFile> files;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    if (!in) continue;
    std::string text(kMostSettings + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(in.gcount()));
    files.push_back({path.string(), std::move(text)});
  }
  return files;
}

std::optional<WallTime> ParseHttpDate(const std::string& text) {
  std::tm time{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // Nanoseconds count from 1678 to 2261.
  if (time.tm_year < 1678 - 1900 || time.tm_year > 2261 - 1900) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&time)));
}

}  // namespace postern::doctor
