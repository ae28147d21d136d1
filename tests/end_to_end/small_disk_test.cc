// A real file system without room: the agent's state on a tmpfs that fills up, with nothing between the agent
// and the kernel. What the fault layer can't show is what RocksDB does by itself when the disk is full.
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/recorded.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {
namespace {

// Only root may have one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size)
      : mounted_(::mount("tmpfs", path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) {}
  SmallDisk(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }

  bool exists() const { return mounted_; }
  std::string path() const { return directory_ / "."; }

  void Fill() {
    const int file = ::open((path() + "/filler").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ASSERT_GE(file, 0);
    const std::string bytes(4096, 'x');
    while (::write(file, bytes.data(), bytes.size()) > 0) {
    }
    ::close(file);
  }
  void MakeRoom() { ::unlink((path() + "/filler").c_str()); }

 private:
  support::TemporaryDirectory directory_;
  const bool mounted_;
};

// A request whose intent is as large as one may be, so that few of them use up what room a log has set aside.
std::string LargeBody() {
  std::string tools;
  for (int i = 0; i < 256; ++i) {
    std::string name = std::to_string(i);
    name.insert(0, 120 - name.size(), 't');
    tools += (i == 0 ? "" : ",") + (R"({"name":")" + name + R"(","input_schema":{"type":"object"}})");
  }
  return R"({"model":"claude-opus-5-5","max_tokens":10,"tools":[)" + tools +
         R"(],"messages":[{"role":"user","content":"hello"}]})";
}

class SmallDiskTest : public ::testing::TestWithParam<const char*> {
 protected:
  support::Response Ask(const std::string& user_agent) {
    return host_->Ask(body_, {{"user-agent", user_agent}});
  }

  const std::string body_ = LargeBody();
  SmallDisk disk_{"32m"};
  std::unique_ptr<Host> host_;
};

TEST_P(SmallDiskTest, TheAgentLivesThroughItRecordsAllThatItForwardsAndRecovers) {
  if (!disk_.exists()) GTEST_SKIP() << "only root may mount a tmpfs";
  host_ = std::make_unique<Host>(HostOptions{
      .extra_config = std::string("audit:\n  sync: ") + GetParam() + "\n", .state = disk_.path() + "/state"});
  for (int round = 0; round < 2; ++round) {
    const std::string number = std::to_string(round);
    EXPECT_EQ(Ask("before/" + number).status, 200);
    disk_.Fill();
    // What room the log still has is used up first.
    int status = 200;
    for (int i = 0; i < 20'000 && status == 200; ++i)
      status = Ask("filling/" + number + "." + std::to_string(i)).status;
    EXPECT_EQ(status, 503);
    EXPECT_EQ(Ask("full/" + number).status, 503);
    ASSERT_TRUE(host_->agent().running()) << host_->agent().errors();
    disk_.MakeRoom();
    ASSERT_TRUE(host_->WaitForMetric("postern_spool_accepting", 1)) << host_->agent().errors();
    EXPECT_EQ(Ask("after/" + number).status, 200);
  }
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto verified = host_->Run({"events", "verify"});
  EXPECT_EQ(verified.ending.code, 0) << verified.output << verified.errors;
  const Recorded recorded = ReadRecord(host_->state());
  EXPECT_TRUE(recorded.gapless);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(recorded.IntentsOf("before/" + std::to_string(round)), 1);
    EXPECT_EQ(recorded.IntentsOf("after/" + std::to_string(round)), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(EachSync, SmallDiskTest, ::testing::Values("before_answer", "before_forward", "os"));

TEST(SmallDisk, AnAgentThatFindsNoRoomAtItsStartSaysSoAndStartsOnceThereIs) {
  SmallDisk disk("16m");
  if (!disk.exists()) GTEST_SKIP() << "only root may mount a tmpfs";
  Host host({.state = disk.path() + "/state"});
  EXPECT_EQ(host.Ask(MessageBody("hello")).status, 200);
  EXPECT_EQ(host.StopAgent().code, 0);
  disk.Fill();
  host.SpawnAgent();
  const auto ending = host.agent().Wait();
  ASSERT_TRUE(ending) << "it doesn't run without a record";
  EXPECT_EQ(ending->code, 1) << host.agent().errors();
  disk.MakeRoom();
  host.StartAgent();
  EXPECT_EQ(host.Ask(MessageBody("hello again")).status, 200);
  EXPECT_EQ(host.StopAgent().code, 0);
  EXPECT_EQ(host.Run({"events", "verify"}).ending.code, 0);
}

}  // namespace
}  // namespace postern::end_to_end
