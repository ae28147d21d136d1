#include "collector/store/rocks_store.h"

#include "tests/collector/store/conformance.h"
#include "tests/collector/store/rocks.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::store {
namespace {

class RocksEngine {
 public:
  Store& store() { return *store_; }
  void Reopen() {
    store_.reset();
    store_ = MustOpen(directory_ / "store");
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = MustOpen(directory_ / "store");
};

POSTERN_STORE_CONFORMS(Rocks, RocksEngine);

}  // namespace
}  // namespace postern::store
