#include "tests/bench/child_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/load.h"

namespace postern::bench {
namespace {

using namespace std::chrono_literals;

// What a child is told when its parent is gone; masters such as nginx then stop their workers themselves.
constexpr int kParentGone = SIGTERM;

pid_t Fork(const std::vector<std::string>& argv, int standard_output, int standard_error) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, kParentGone);
  if (::getppid() != parent) ::_exit(127);
  ::dup2(standard_output, STDOUT_FILENO);
  ::dup2(standard_error, STDERR_FILENO);
  ::execvp(arguments[0], arguments.data());
  const std::string sentence = "cannot run " + argv[0] + ": " + std::strerror(errno) + "\n";
  if (::write(STDERR_FILENO, sentence.data(), sentence.size()) < 0) ::_exit(126);
  ::_exit(127);
}

int OpenLog(const std::filesystem::path& log) {
  return ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void AppendDescendants(pid_t pid, std::vector<pid_t>& family) {
  family.push_back(pid);
  std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child = 0; children >> child;) AppendDescendants(child, family);
}

bool CanConnect(uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return connected;
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const std::vector<std::string>& argv,
                                         const std::filesystem::path& log) {
  const int out = OpenLog(log);
  if (out < 0) return Error{ErrorCode::kUnavailable, "cannot write " + log.string()};
  const pid_t pid = Fork(argv, out, out);
  ::close(out);
  if (pid < 0) return Error{ErrorCode::kUnavailable, "cannot fork"};
  return ChildProcess(pid, log);
}

Result<std::string> ChildProcess::Output(const std::vector<std::string>& argv,
                                         const std::filesystem::path& log) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error{ErrorCode::kUnavailable, "cannot make a pipe"};
  const int errors = OpenLog(log);
  const pid_t pid = Fork(argv, ends[1], errors);
  ::close(ends[1]);
  ::close(errors);
  std::string output;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR && !WasInterrupted()) continue;
    if (count <= 0) break;
    output.append(buffer.data(), static_cast<size_t>(count));
  }
  ::close(ends[0]);
  if (WasInterrupted()) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return Error{ErrorCode::kUnavailable, argv[0] + " failed:\n" + TailOf(log)};
  return output;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_), log_(std::move(other.log_)) {
  other.pid_ = -1;
}

ChildProcess::~ChildProcess() { Stop(); }

Status ChildProcess::AwaitListening(uint16_t port, std::chrono::seconds limit) const {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (CanConnect(port)) return Ok{};
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid_) return Error{ErrorCode::kUnavailable, "it ended at once:\n" + TailOf(log_)};
    if (WasInterrupted()) return Error{ErrorCode::kUnavailable, "interrupted"};
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorCode::kUnavailable,
                   "nothing listens after " + std::to_string(limit.count()) + " s:\n" + TailOf(log_)};
    }
    std::this_thread::sleep_for(20ms);
  }
}

std::vector<pid_t> ChildProcess::Family() const {
  std::vector<pid_t> family;
  if (pid_ > 0) AppendDescendants(pid_, family);
  return family;
}

double ChildProcess::CpuMicroseconds() const {
  double sum = 0;
  for (const pid_t pid : Family()) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) continue;
    sum += static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  }
  return sum;
}

double ChildProcess::SettledCpuMicroseconds() const {
  double before = CpuMicroseconds();
  for (int i = 0; i < 50; ++i) {
    std::this_thread::sleep_for(10ms);
    const double now = CpuMicroseconds();
    if (now - before < 100) return now;
    before = now;
  }
  return before;
}

uint64_t ChildProcess::ResidentBytes() const {
  uint64_t sum = 0;
  for (const pid_t pid : Family()) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
      uint64_t kilobytes = 0;
      if (word == "VmRSS:" && status >> kilobytes) sum += kilobytes * 1024;
    }
  }
  return sum;
}

void ChildProcess::Stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 2000; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
    if (i == 1999) {
      ::kill(-pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::this_thread::sleep_for(10ms);
  }
  ::kill(-pid_, SIGKILL);  // whoever of its group is left
  pid_ = -1;
}

std::string TailOf(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream all;
  all << stream.rdbuf();
  const std::string text = all.str();
  return text.size() > 1500 ? text.substr(text.size() - 1500) : text;
}

}  // namespace postern::bench
