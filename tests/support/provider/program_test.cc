// The program itself: its line, its ends, its options.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/support/http_client.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::provider {
namespace {

const std::string kProgram = support::InBuild("bin/postern-provider");

uint16_t PortOf(const std::string& line) {
  return static_cast<uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

TEST(Program, SaysWhereItListensAndEndsWhenAsked) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto process = support::Process::Start({.argv = {kProgram, "--port", "0"}});
    ASSERT_TRUE(process);
    const auto line = (*process)->WaitForLine("listening on http://127.0.0.1:");
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(support::Fetch({.port = PortOf(*line)}, "GET", "/v1/models")->status, 200);
    (*process)->Signal(signal);
    EXPECT_EQ((*process)->Wait(), (support::Ending{.code = 0, .signal = {}}));
  }
}

TEST(Program, DiesWithItsParentIfAsked) {
  const auto shell = support::Process::Start(
      {.argv = {"sh", "-c", std::string(kProgram) + " --die-with-parent & echo child $!; wait"}});
  ASSERT_TRUE(shell);
  ASSERT_TRUE((*shell)->WaitForLine("listening on"));
  const std::string child = (*shell)->WaitForLine("child ")->substr(6);
  ASSERT_NE(support::ReadFile("/proc/" + child + "/stat"), "");
  (*shell)->Signal(SIGKILL);
  for (;;) {  // gone, or waiting for its new parent to notice
    const std::string status = support::ReadFile("/proc/" + child + "/stat");
    if (status.empty() || status.find(") Z") != std::string::npos) break;
  }
}

TEST(Program, KeepsExchangesOnDisk) {
  const support::TemporaryDirectory directory;
  const auto process = support::Process::Start({.argv = {kProgram, "--record", directory.path()}});
  ASSERT_TRUE(process);
  const auto line = (*process)->WaitForLine("listening on");
  ASSERT_TRUE(line);
  const std::string request =
      support::FormatRequest("POST", "/v1/messages", {{"x-sim", "do: text=hi"}}, "not even JSON");
  auto connection = support::RawConnection::Open({.port = PortOf(*line)});
  ASSERT_TRUE(connection);
  ASSERT_TRUE(connection->Send(request));
  const auto response = connection->ReadResponse();
  ASSERT_TRUE(response);
  EXPECT_EQ((*process)->Stop().code, 0);
  EXPECT_EQ(support::ReadFile(directory / "000001.request"), request);
  EXPECT_EQ(support::ReadFile(directory / "000001.answer"), response->head + response->framed);
}

TEST(Program, RefusesOptionsThatItDoesNotKnow) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--colour", "blue"},
                                                    {"--port", "many"},
                                                    {"--tls-key", "only.key"},
                                                    {"--port"}}) {
    std::vector<std::string> argv = {kProgram};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto finished = support::RunProcess({.argv = argv});
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->ending.code, 2);
    EXPECT_NE(finished->errors, "");
  }
}

}  // namespace
}  // namespace postern::provider
