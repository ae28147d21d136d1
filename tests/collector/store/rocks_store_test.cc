#include "collector/store/rocks_store.h"

#include "tests/collector/store/conformance.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

class RocksEngine {
 public:
  RocksEngine() { Open(); }

  Store& store() { return *store_; }
  void Reopen() {
    store_.reset();
    Open();
  }

 private:
  void Open() {
    auto opened = OpenRocksStore({.directory = directory_ / "store"});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, StoreConformance, RocksEngine);

}  // namespace
}  // namespace postern::store
