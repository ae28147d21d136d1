// What a view holds on to. Inside shared/kv only.
#pragma once

#include <rocksdb/db.h>

#include "shared/kv/state.h"
#include "shared/kv/view.h"

namespace postern::kv {

struct View::State {
  explicit State(const Store::State& of) : store(of) {
    if (store.db) snapshot = store.db->GetSnapshot();
  }
  ~State() {
    if (store.db) store.db->ReleaseSnapshot(snapshot);
  }

  const Store::State& store;
  const rocksdb::Snapshot* snapshot = nullptr;
};

}  // namespace postern::kv
