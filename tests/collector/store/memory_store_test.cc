#include "collector/store/memory_store.h"

#include "tests/collector/store/conformance.h"

namespace postern::store {
namespace {

class MemoryEngine {
 public:
  Store& store() { return *store_; }
  void Reopen() {}  // nothing of it outlives it

 private:
  std::unique_ptr<Store> store_ = MakeMemoryStore();
};

POSTERN_STORE_CONFORMS(Memory, MemoryEngine);

TEST(MemoryStore, CantBeCopied) {
  EXPECT_EQ(MakeMemoryStore()->Backup("anywhere").error().code, ErrorCode::kUnavailable);
}

TEST(MemoryStore, SeesABodyThatIsNotTheOneThatWasHashed) {
  const auto store = MakeMemoryStore();
  Change change = Writer().Add().Take();
  change.events[0].bytes += "x";
  ASSERT_TRUE(store->Commit(change));
  EXPECT_EQ(store->Check([](uint64_t, uint64_t) {})->size(), 1u);
}

}  // namespace
}  // namespace postern::store
