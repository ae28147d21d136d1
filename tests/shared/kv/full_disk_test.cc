// A disk that is really full: a small tmpfs. Mounting one needs root.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/kv/store.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::kv {
namespace {

constexpr Family kFruit{0};

class FullDisk : public testing::TestWithParam<Profile> {
 protected:
  void SetUp() override {
    if (mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=4m") != 0)
      GTEST_SKIP() << "a small file system can't be mounted here, which needs root";
    mounted_ = true;
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) umount2(directory_.path().c_str(), MNT_DETACH);
  }

  void Open() {
    auto opened = Store::Open(directory_ / "store", {.families = {"fruit"}, .profile = GetParam()});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  // Takes all that is left of the disk.
  void Fill() {
    std::ofstream file(directory_ / "filler", std::ios::app);
    const std::string chunk(4096, 'x');
    while (file.write(chunk.data(), static_cast<std::streamsize>(chunk.size())).flush()) {
    }
    file.clear();
    while (file.put('x').flush()) {
    }
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  bool mounted_ = false;
};

TEST_P(FullDisk, IsAnErrorAndNotTheEndOfTheProcess) {
  ASSERT_NO_FATAL_FAILURE(Open());
  const std::string value(1000, 'v');
  Batch batch;
  int written = 0;
  Status status = Ok{};
  for (;; ++written) {
    batch.Clear();
    batch.Put(kFruit, std::to_string(written), value);
    status = store_->Write(batch, Durability::kSynced);
    if (!status) break;
    ASSERT_LT(written, 10'000) << "the disk never became full";
    if (written == 100) Fill();
  }
  EXPECT_EQ(status.error().code, ErrorCode::kExhausted) << status.error().message;
  EXPECT_TRUE(store_->poisoned());
  for (int attempt = 0; attempt < 3; ++attempt) {
    static_cast<void>(store_->Reopen());  // may well fail: there is no space
    const auto read = store_->Get(kFruit, "7");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->value(), value) << "what is on a full disk can be read";
  }
  std::filesystem::remove(directory_ / "filler");
  const Status reopened = store_->Reopen();
  ASSERT_TRUE(reopened) << reopened.error().message;
  for (int i = 0; i < written; ++i) ASSERT_TRUE(store_->Get(kFruit, std::to_string(i))->has_value()) << i;
  ASSERT_TRUE(store_->Write(batch, Durability::kSynced));
}

TEST_P(FullDisk, OpeningThereIsRefusedInASentence) {
  Fill();
  const auto opened = Store::Open(directory_ / "store", {.families = {"fruit"}, .profile = GetParam()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kExhausted) << opened.error().message;
}

INSTANTIATE_TEST_SUITE_P(Profiles, FullDisk, testing::Values(Profile::kSmall, Profile::kServer),
                         [](const auto& tested) {
                           return tested.param == Profile::kSmall ? "Small" : "Server";
                         });

}  // namespace
}  // namespace postern::kv
