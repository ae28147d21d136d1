#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/control/ask.h"
#include "collector/control/line.h"
#include "collector/control/server.h"
#include "tests/support/temporary_directory.h"

namespace postern::control {
namespace {

using ::testing::HasSubstr;

class Control : public ::testing::Test {
 protected:
  std::unique_ptr<Server> Listen(std::map<std::string, Handler> handlers) {
    auto server = Server::Listen(path_, std::move(handlers));
    EXPECT_TRUE(server) << server.error().message;
    return *std::move(server);
  }
  std::map<std::string, Handler> Echo() {
    return {{"echo", [](const std::string& argument, const Progress&) -> Result<std::string> {
               return "{\"argument\":\"" + argument + "\"}";
             }}};
  }
  int Connect() const {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const auto address = *AddressOf(path_);
    EXPECT_EQ(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  const support::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "collector.sock";
};

TEST_F(Control, AnswersACommandWithItsArgument) {
  const auto server = Listen(Echo());
  EXPECT_EQ(*Ask(path_, "echo", "a path with spaces", {}), "{\"argument\":\"a path with spaces\"}");
  EXPECT_EQ(*Ask(path_, "echo", "", {}), "{\"argument\":\"\"}");
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Control, TellsProgressAndErrorsAsTheyAre) {
  const auto server =
      Listen({{"fail", [](const std::string&, const Progress& progress) -> Result<std::string> {
                 progress(1, 3);
                 progress(3, 3);
                 return Error{ErrorCode::kExhausted, "the disk is full\nreally"};
               }}});
  std::vector<uint64_t> seen;
  const auto answer = Ask(path_, "fail", "", [&](uint64_t done, uint64_t) { seen.push_back(done); });
  EXPECT_EQ(answer.error(), (Error{ErrorCode::kExhausted, "the disk is full really"}));
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(Ask(path_, "unknown", "", {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Ask(path_, "fail", "a\nb", {}).error().code, ErrorCode::kInvalid);
}

TEST_F(Control, SaysThatNobodyListens) {
  const auto answer = Ask(path_, "status", "", {});
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(answer.error().message, HasSubstr("no collector is running"));
  {
    const auto server = Listen(Echo());
  }
  EXPECT_EQ(Ask(path_, "status", "", {}).error().code, ErrorCode::kNotFound);
  const std::string long_path = directory_ / std::string(200, 'x');
  EXPECT_EQ(Server::Listen(long_path, {}).error().code, ErrorCode::kInvalid);
}

TEST_F(Control, ServesOthersWhileOneTakesLong) {
  std::promise<void> go;
  const auto server = Listen({{"slow",
                               [&](const std::string&, const Progress&) -> Result<std::string> {
                                 go.get_future().wait();
                                 return std::string("{}");
                               }},
                              {"quick", [](const std::string&, const Progress&) -> Result<std::string> {
                                 return std::string("{}");
                               }}});
  auto slow = std::async(std::launch::async, [&] { return Ask(path_, "slow", "", {}); });
  EXPECT_TRUE(Ask(path_, "quick", "", {}));
  go.set_value();
  EXPECT_TRUE(slow.get());
}

TEST_F(Control, RefusesALineThatIsTooLong) {
  const auto server = Listen(Echo());
  const Descriptor socket(Connect());
  const std::string much(3 * kLongestLine, 'x');
  static_cast<void>(send(socket.get(), much.data(), much.size(), MSG_NOSIGNAL));
  std::string rest;
  EXPECT_THAT(*ReadLine(socket.get(), rest), HasSubstr("failed invalid"));
}

TEST_F(Control, StopsThoughSomebodyIsStillTalking) {
  const auto server = Listen(Echo());
  const Descriptor silent(Connect());
  ASSERT_TRUE(Ask(path_, "echo", "", {}));
  server->Stop();
  std::string rest;
  while (ReadLine(silent.get(), rest)) {
  }
}

TEST_F(Control, AnswersNobodyButItsOwnUserAndRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const auto server = Listen(Echo());
  chmod(path_.c_str(), 0777);
  chmod(directory_.path().c_str(), 0755);
  const pid_t pid = fork();
  if (pid == 0) {
    if (setuid(54321) != 0) _exit(2);
    const auto answer = Ask(path_, "echo", "", {});
    _exit(!answer && answer.error().code == ErrorCode::kDenied ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace postern::control
