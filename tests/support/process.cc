#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/check.h"

namespace postern::support {
namespace {

constexpr std::chrono::milliseconds kLook{2};
using Clock = std::chrono::steady_clock;

int MemoryFile(std::string_view contents) {
  const int descriptor = ::memfd_create("child", MFD_CLOEXEC);
  CHECK(descriptor >= 0);
  while (!contents.empty()) {
    const ssize_t written = ::write(descriptor, contents.data(), contents.size());
    CHECK(written > 0);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  CHECK(::lseek(descriptor, 0, SEEK_SET) == 0);
  return descriptor;
}

int OutputFile(const std::string& path) {
  const int descriptor =
      path.empty() ? MemoryFile("") : ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(descriptor >= 0);
  // Both the child's writes and those of its own children go to the end, wherever that is.
  CHECK(::fcntl(descriptor, F_SETFL, O_APPEND) == 0);
  return descriptor;
}

std::string Contents(int descriptor) {
  std::string all;
  std::array<char, 16 * 1024> part;  // NOLINT: filled by the read
  for (;;) {
    const ssize_t count = ::pread(descriptor, part.data(), part.size(), static_cast<off_t>(all.size()));
    if (count <= 0) return all;
    all.append(part.data(), static_cast<size_t>(count));
  }
}

std::optional<std::string> FindLine(const std::string& text, std::string_view wanted) {
  const size_t at = text.find(wanted);
  if (at == std::string::npos) return std::nullopt;
  const size_t end = text.find('\n', at);
  if (end == std::string::npos) return std::nullopt;
  const size_t newline = text.rfind('\n', at);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end - begin);
}

// What the child needs between fork and exec, where nothing may be allocated.
struct Launch {
  std::vector<std::string> arguments;
  std::vector<std::string> variables;
  std::vector<char*> argv;
  std::vector<char*> envp;
  const char* directory;
  int input;
  int output;
  int errors;
  int failure;
  pid_t parent;

  explicit Launch(const ProcessOptions& options) : arguments(options.argv) {
    std::map<std::string, std::string> merged = options.variables;
    if (options.environment == Environment::kInherited) {
      for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        const size_t equals = variable.find('=');
        merged.emplace(variable.substr(0, equals), variable.substr(equals + 1));
      }
    }
    for (const auto& [name, value] : merged) variables.push_back(name + "=" + value);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    for (std::string& variable : variables) envp.push_back(variable.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    directory = options.directory.empty() ? nullptr : options.directory.c_str();
    parent = ::getpid();
  }
};

[[noreturn]] void RunChild(const Launch& launch) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // What whoever started the tests ignores (a shell its background jobs' SIGINT, nohup SIGHUP) the child
  // would ignore too, and a shell could not even set a trap for it.
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM}) ::signal(number, SIG_DFL);
  ::dup2(launch.input, 0);
  ::dup2(launch.output, 1);
  ::dup2(launch.errors, 2);
  if (launch.directory == nullptr || ::chdir(launch.directory) == 0) {
    ::execvpe(launch.argv[0], launch.argv.data(), launch.envp.data());
  }
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(launch.failure, &error, sizeof(error));
  ::_exit(127);
}

}  // namespace

Result<std::unique_ptr<Process>> Process::Start(const ProcessOptions& options) {
  CHECK(!options.argv.empty());
  Launch launch(options);
  launch.input = MemoryFile(options.input);
  launch.output = OutputFile(options.output_file);
  launch.errors = OutputFile(options.error_file);
  std::array<int, 2> failure{};
  CHECK(::pipe2(failure.data(), O_CLOEXEC) == 0);
  launch.failure = failure[1];
  const pid_t pid = ::fork();
  CHECK(pid >= 0);
  if (pid == 0) RunChild(launch);
  ::setpgid(pid, pid);  // whichever of the two comes first
  ::close(launch.input);
  ::close(failure[1]);
  std::unique_ptr<Process> process(new Process(pid, launch.output, launch.errors));
  int error = 0;
  const ssize_t count =
      ::read(failure[0], &error, sizeof(error));  // ends when exec has closed the other side
  ::close(failure[0]);
  if (count > 0)
    return Error{ErrorCode::kNotFound, options.argv[0] + " can't be run: " + std::strerror(error)};
  return process;
}

Process::~Process() {
  // The group is killed in any case: a child that has ended may have left children of its own.
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::close(output_);
  ::close(errors_);
}

Result<std::string> Process::WaitForLine(std::string_view text, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const bool last_look = !running() || Clock::now() >= deadline;
    for (const int descriptor : {output_, errors_}) {
      if (auto line = FindLine(Contents(descriptor), text)) return *std::move(line);
    }
    if (last_look) {
      return Error{ErrorCode::kUnavailable, "no line with \"" + std::string(text) +
                                                "\" came; the output is: " + output() +
                                                "\nand the errors are: " + errors()};
    }
    std::this_thread::sleep_for(kLook);
  }
}

void Process::Signal(int signal) const {
  if (!ending_) ::kill(pid_, signal);
}

std::optional<Ending> Process::Wait(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (!ending_) {
    siginfo_t info{};
    // It stays a zombie until the destructor has killed its group, so that its number isn't given to another.
    CHECK(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
          errno == EINTR);
    if (info.si_pid == pid_) {
      ending_ = info.si_code == CLD_EXITED ? Ending{info.si_status, std::nullopt}
                                           : Ending{std::nullopt, info.si_status};
      break;
    }
    if (Clock::now() >= deadline) break;
    std::this_thread::sleep_for(kLook);
  }
  return ending_;
}

Ending Process::Stop(std::chrono::milliseconds patience) {
  Signal(SIGTERM);
  if (!Wait(patience)) {
    Signal(SIGKILL);
    CHECK(Wait().has_value());
  }
  return *ending_;
}

std::string Process::output() const { return Contents(output_); }
std::string Process::errors() const { return Contents(errors_); }

Result<Finished> RunProcess(const ProcessOptions& options, std::chrono::milliseconds patience) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Process> process, Process::Start(options));
  const auto ending = process->Wait(patience);
  if (!ending) {
    return Error{ErrorCode::kUnavailable, options.argv[0] +
                                              " doesn't end; the output is: " + process->output() +
                                              "\nand the errors are: " + process->errors()};
  }
  return Finished{*ending, process->output(), process->errors()};
}

}  // namespace postern::support
