#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/layout.h"
#include "tests/collector/store/rocks.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

// What Check says of a sound store after somebody has changed a row behind its back.
class Damage : public testing::Test {
 protected:
  Damage() {
    const auto store = MustOpen(directory_.path());
    Writer writer;
    writer.Add({.time = At(1), .kind = "intent", .user = "alice"});
    writer.Add({.time = At(2), .kind = "outcome", .user = "alice"}, {.requests = 1});
    Change change = writer.Take();
    change.records = {PutRecord(RecordKind::kUser, "alice", "x", 0, {"team:blue"})};
    change.set_aside.push_back({"agent0000000", 1, 9, At(1), "fork", "bytes"});
    EXPECT_TRUE(store->Commit(change));
  }

  std::string After(const std::function<void(kv::Batch&)>& change) {
    {
      auto store = kv::Store::Open(directory_.path(), StoreOptions());
      EXPECT_TRUE(store);
      kv::Batch batch;
      change(batch);
      EXPECT_TRUE((*store)->Write(batch, kv::Durability::kSynced));
    }
    std::string all;
    const auto opened = OpenRocksStore({.directory = directory_.path()});
    if (!opened) return opened.error().message;
    for (const std::string& problem : Problems(**opened)) all += problem + "\n";
    return all;
  }

  TemporaryDirectory directory_;
};

TEST_F(Damage, ABodyThatWasChanged) {
  EXPECT_EQ(After([](kv::Batch& batch) { batch.Put(kBodies, LeafKey(1), "other"); }),
            "the body of entry 1 is not the one that was hashed\n");
}
TEST_F(Damage, ABodyThatWasRemoved) {
  EXPECT_EQ(After([](kv::Batch& batch) { batch.Delete(kBodies, LeafKey(0)); }),
            "the body of entry 0 is missing\n");
}
TEST_F(Damage, ABodyTooMany) {
  EXPECT_EQ(After([](kv::Batch& batch) { batch.Put(kBodies, LeafKey(7), "x"); }),
            "there are bodies that belong to no entry\n");
}
TEST_F(Damage, AnIndexRowThatIsMissing) {
  std::string key = IndexPrefix(Axis::kUser, "alice");
  PutShortNumber(key, 0);
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Delete(kIndex, key); }),
            "1 rows of the index for the entries from 0 on don't say what the events say\n");
}
TEST_F(Damage, AnIndexRowTooMany) {
  std::string key = IndexPrefix(Axis::kUser, "mallory");
  PutShortNumber(key, 0);
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Put(kIndex, key, std::string("\1\0\0", 3)); }),
            "1 rows of the index belong to no event\n");
}
TEST_F(Damage, ASumThatWasRaised) {
  std::string key = SumPrefix(Grain::kDay, 0);
  for (const char* text : {"", "", "alice", "", "", ""}) PutText(key, text);
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Merge(kSums, key, EncodeSpending({.requests = 1})); }),
            "the sums of 1970-01-01 are not the sums of its events\n");
}
TEST_F(Damage, AChainWithAnotherHead) {
  Chain chain;
  chain.agent = "agent0000000";
  chain.incarnation = 1;
  chain.sequence = 2;
  EXPECT_EQ(
      After([&](kv::Batch& batch) { batch.Put(kChains, ChainKey(chain.agent, 1), EncodeChain(chain)); }),
      "the chain of agent agent0000000 doesn't lead to the head that is kept for it\n");
}
TEST_F(Damage, AChainThatIsMissing) {
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Delete(kChains, ChainKey("agent0000000", 1)); }),
            "the chain of agent agent0000000 is missing\n");
}
TEST_F(Damage, ALabelThatIsMissing) {
  EXPECT_EQ(After([&](kv::Batch& batch) {
              batch.Delete(kDirectory, LabelPrefix(RecordKind::kUser, "team:blue") + "alice");
            }),
            "the record alice is missing from a list of the directory\n");
}
TEST_F(Damage, ALabelTooMany) {
  EXPECT_EQ(After([&](kv::Batch& batch) {
              batch.Put(kDirectory, LabelPrefix(RecordKind::kUser, "team:red") + "alice", "");
            }),
            "the lists of the directory name records that are not there\n");
}
TEST_F(Damage, AGroupThatWasSetAsideAndIsMissing) {
  std::string key = AsidePrefix("agent0000000");
  PutNumber(key, 0);
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Delete(kAside, key); }),
            "what was set aside of agent agent0000000 is not what was counted\n");
}
TEST_F(Damage, APlaceThatIsMissing) {
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Delete(kPlaces, PlaceKey("agent0000000", 1, 1)); }),
            "the place of entry 0 in its chain is wrong\n");
}
TEST_F(Damage, FactsThatAreMissing) {
  EXPECT_NE(After([&](kv::Batch& batch) { batch.Delete(kFacts, LeafKey(0)); }).find("the facts of entry 0"),
            std::string::npos);
}
TEST_F(Damage, ASegmentThatIsNoneIsRefusedAtOpening) {
  EXPECT_EQ(After([&](kv::Batch& batch) { batch.Put(kEntries, LeafKey(1), "x"); }),
            "a segment of the log in the collector's store is damaged");
}
// Changes a byte in the middle of every file whose name has this in it.
void FlipBytes(const std::string& directory, const std::string& name) {
  int changed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().find(name) == std::string::npos) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(entry.path()) / 2);
    file.seekg(middle);
    const char byte = static_cast<char>(file.get() ^ 0x55);
    file.seekp(middle);
    file.put(byte);
    ++changed;
  }
  ASSERT_GT(changed, 0);
}

TEST_F(Damage, OfTheListOfFilesIsRefusedInASentence) {
  FlipBytes(directory_.path(), "MANIFEST");
  const auto opened = OpenRocksStore({.directory = directory_.path()});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message.find(directory_.path() + " is damaged"), std::string::npos)
      << opened.error().message;
}

TEST_F(Damage, OfAFileIsSeen) {
  EXPECT_EQ(After([](kv::Batch& batch) { batch.Put(kMeta, "x", ""); }), "");  // brings all of it into files
  FlipBytes(directory_.path(), ".sst");
  const auto opened = OpenRocksStore({.directory = directory_.path()});
  if (!opened) {
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << opened.error().message;
    return;
  }
  EXPECT_NE(Problems(**opened), std::vector<std::string>());
}

}  // namespace
}  // namespace postern::store
