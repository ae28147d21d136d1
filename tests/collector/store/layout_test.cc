// The worked example of README.md is what the engine writes.
#include "collector/store/layout.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "shared/wire/chain.h"
#include "tests/collector/store/rocks.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/kv/temporary_directory.h"
#include "tests/support/paths.h"

namespace postern::store {
namespace {

constexpr const char* kFamilyNames[kFamilies] = {"meta",      "entries", "facts", "bodies",
                                                 "places",    "chains",  "index", "sums",
                                                 "directory", "aside",   "ledger"};

NewEvent Event(uint64_t sequence, std::string bytes, EventFacts facts, const Spending& spending) {
  NewEvent event;
  event.entry = {.agent = "a1",
                 .incarnation = 1,
                 .sequence = sequence,
                 .received_at = At(7),
                 .event = crypto::Sha256(bytes)};
  event.bytes = std::move(bytes);
  event.facts = std::move(facts);
  event.spending = spending;
  return event;
}

Change Example() {
  Change change;
  change.events.push_back(Event(1, "x", {.time = At(5), .kind = "intent", .user = "al"}, {}));
  change.events.push_back(Event(2, "yz", {.time = At(6), .kind = "outcome", .user = "al"},
                                {.requests = 1, .input = 300, .output = 20, .nano_dollars = 9}));
  Chain chain;
  chain.agent = "a1";
  chain.incarnation = 1;
  chain.sequence = 2;
  chain.head = wire::Extend(wire::Extend(wire::kFirstHead, "x"), "yz");
  chain.seal_key = "key";
  chain.issued = true;
  change.chains.push_back({chain, 0});
  change.records.push_back(PutRecord(RecordKind::kUser, "al", "r", 0, {"team:b"}));
  change.set_aside.push_back({"a1", 1, 9, At(8), "fork", "g"});
  change.ledger.push_back({.key = "row", .value = "of the ledger"});
  return change;
}

// Every row, as README.md shows it.
std::string Dump(const std::string& directory) {
  const auto store = kv::Store::OpenReadOnly(directory, StoreOptions());
  EXPECT_TRUE(store);
  std::string text;
  for (uint32_t family = 0; family < kFamilies; ++family) {
    kv::Cursor cursor = (*store)->NewCursor(kv::Family{family});
    for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) {
      text += "    " + std::string(kFamilyNames[family]) + " " + ToHex(cursor.key()) + " → " +
              ToHex(cursor.value()) + "\n";
    }
  }
  return text;
}

TEST(Layout, TheWorkedExampleIsTrue) {
  TemporaryDirectory directory;
  {
    const auto store = MustOpen(directory.path());
    ASSERT_TRUE(store->Commit(Example()));
    EXPECT_EQ(Problems(*store), std::vector<std::string>());
  }
  std::ifstream file(support::InSource("collector/store/README.md"));
  std::ostringstream readme;
  readme << file.rdbuf();
  const std::string dump = Dump(directory.path());
  EXPECT_NE(readme.str().find(dump), std::string::npos) << "README.md should say:\n" << dump;
}

}  // namespace
}  // namespace postern::store
