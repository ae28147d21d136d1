#include "agent/commands/events.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/commands/program.h"
#include "agent/spool/layout.h"
#include "agent/spool/spool.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::commands {
namespace {

// Answers `GET /events` on a Unix socket, one connection after another, as the agent does.
class TinyAgent {
 public:
  TinyAgent(const std::string& path, spool::Spool& record)
      : record_(record), listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(listen(listener_, 16) == 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TinyAgent() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  int answered() const { return answered_; }

 private:
  void Serve() {
    for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0; close(client)) {
      char request[4096];
      const ssize_t size = recv(client, request, sizeof(request), 0);
      if (size <= 0) continue;  // OpenRecord only looks whether somebody listens
      const std::string head(request, static_cast<size_t>(size));
      const size_t query = head.find('?') + 1;
      std::promise<std::string> page;
      record_.Read(*spool::PageRequest::FromQuery(head.substr(query, head.find(' ', query) - query)),
                   [&](Result<std::string> body) { page.set_value(*body); });
      const std::string body = page.get_future().get();
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      static_cast<void>(send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
      ++answered_;
    }
  }

  spool::Spool& record_;
  const int listener_;
  std::atomic<int> answered_{0};
  std::thread thread_;
};

class EventsCommand : public testing::Test {
 protected:
  EventsCommand() {
    options_.journal.directory = state_;
    std::ofstream(config_) << "state: " << state_ << "\n";
  }

  void Write(spool::Spool& record, uint64_t exchanges) {
    for (uint64_t i = 0; i < exchanges; ++i) {
      ASSERT_TRUE(record.Append(spool::Intent(i)));
      ASSERT_TRUE(record.Append(spool::Outcome(i)));
    }
  }

  int RunProgram(std::vector<std::string> words, std::ostream& out, std::ostream& err) const {
    words.insert(words.begin(), "events");
    words.insert(words.end(), {"--config", config_});
    std::istringstream in;
    return command_line::Run(AgentProgram(), words, in, out, err);
  }

  int Run(std::vector<std::string> words) {
    out_.str("");
    err_.str("");
    return RunProgram(std::move(words), out_, err_);
  }

  size_t LinesWith(const std::string& text) const {
    size_t count = 0;
    std::istringstream lines(out_.str());
    for (std::string line; std::getline(lines, line);) count += line.find(text) != std::string::npos;
    return count;
  }

  TemporaryDirectory directory_;
  const std::string state_ = directory_ / "state";
  const std::string socket_ = directory_ / "state/agent.sock";
  const std::string config_ = directory_ / "agent.yaml";
  spool::Options options_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(EventsCommand, ShowsTheLastExchangesOfAnAgentThatIsDown) {
  {
    auto record = *spool::Spool::Open(options_);
    Write(*record, 100);
  }
  EXPECT_EQ(Run({}), 0) << err_.str();
  EXPECT_EQ(LinesWith("complete"), 50u);
  EXPECT_EQ(LinesWith("TIME (UTC)"), 1u);
  EXPECT_EQ(Run({"--limit", "7"}), 0);
  EXPECT_EQ(LinesWith("complete"), 7u);
  EXPECT_EQ(Run({"--since", "1h"}), 0);
  EXPECT_EQ(LinesWith("complete"), 100u);
  EXPECT_EQ(Run({"--json", "--since", "1h"}), 0);
  EXPECT_EQ(LinesWith("\"kind\":\"intent\""), 100u);
  EXPECT_EQ(Run({"--json", "--limit", "3"}), 0);
  EXPECT_EQ(LinesWith("{"), 3u);
}

TEST_F(EventsCommand, AsksTheAgentWhileItRuns) {
  auto record = *spool::Spool::Open(options_);
  const TinyAgent agent(socket_, *record);
  Write(*record, 3000);
  EXPECT_EQ(Run({"--since", "1h"}), 0) << err_.str();
  EXPECT_EQ(LinesWith("complete"), 3000u);
  EXPECT_EQ(Run({"verify"}), 0) << out_.str() << err_.str();
  EXPECT_EQ(LinesWith("The record is sound."), 1u);
  EXPECT_EQ(LinesWith("3000 exchanges ended"), 1u);
}

TEST_F(EventsCommand, AnOpenExchangeIsShownAsOpen) {
  auto record = *spool::Spool::Open(options_);
  const TinyAgent agent(socket_, *record);
  ASSERT_TRUE(record->Append(spool::Intent(1)));
  EXPECT_EQ(Run({}), 0);
  EXPECT_EQ(LinesWith("open"), 1u);
}

TEST_F(EventsCommand, FollowsUntilTheAgentGoesAway) {
  auto record = *spool::Spool::Open(options_);
  auto agent = std::make_unique<TinyAgent>(socket_, *record);
  std::ostringstream out;
  std::ostringstream err;
  int code = -1;
  std::thread follower([&] { code = RunProgram({"--follow", "--json"}, out, err); });
  Write(*record, 5);
  const int before = agent->answered();
  while (agent->answered() < before + 2)
    std::this_thread::yield();  // the second of them was asked for after all was there
  agent.reset();
  follower.join();
  EXPECT_EQ(code, 3);
  size_t intents = 0;
  const std::string shown = out.str();
  for (size_t at = 0; (at = shown.find("\"kind\":\"intent\"", at)) != std::string::npos; ++at) ++intents;
  EXPECT_EQ(intents, 5u);
}

TEST_F(EventsCommand, AnUnsoundRecordIsNamedAndExitsWithOne) {
  {
    auto record = *spool::Spool::Open(options_);
    Write(*record, 10);
  }
  {
    auto store = *kv::Store::Open(spool::StoreDirectory(state_), spool::StoreOptions());
    kv::Batch batch;
    const auto key = spool::RecordKey{5, spool::RecordKind::kEvent}.Encode();
    batch.Delete(spool::kRecords, {key.data(), key.size()});
    ASSERT_TRUE(store->Write(batch, kv::Durability::kSynced));
  }
  EXPECT_EQ(Run({"verify"}), 1);
  EXPECT_EQ(LinesWith("NOT sound"), 1u);
  EXPECT_EQ(LinesWith("event 6: it follows event 4: an event is missing"), 1u) << out_.str();
  EXPECT_EQ(Run({"verify", "--json"}), 1);
  EXPECT_EQ(LinesWith("\"sound\":false,\"problem\":\"event 6"), 1u) << out_.str();
}

TEST_F(EventsCommand, WrongWordsExitWithTwo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--frobnicate"},
                                             {"--limit"},
                                             {"--limit", "0"},
                                             {"--since", "yesterday"},
                                             {"verify", "--follow"}}) {
    EXPECT_EQ(Run(words), 2) << words[0];
    EXPECT_NE(err_.str(), "");
  }
}

TEST_F(EventsCommand, WithoutARecordItExitsWithOne) {
  EXPECT_EQ(Run({}), 1);
  EXPECT_NE(err_.str().find("there is no record in"), std::string::npos);
}

}  // namespace
}  // namespace postern::commands
