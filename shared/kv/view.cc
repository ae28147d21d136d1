#include "shared/kv/view.h"

#include <utility>

#include <rocksdb/db.h>

#include "shared/kv/errors.h"
#include "shared/kv/view_state.h"

namespace postern::kv {
namespace {

rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

rocksdb::ReadOptions At(const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  return options;
}

}  // namespace

View::View(std::unique_ptr<State> state) : state_(std::move(state)) {}
View::View(View&&) noexcept = default;
View& View::operator=(View&&) noexcept = default;
View::~View() = default;

Result<std::optional<std::string>> View::Get(Family family, std::string_view key) const {
  const Store::State& store = state_->store;
  if (!store.db) return Error{ErrorCode::kUnavailable, store.Name() + " is not open"};
  std::string value;
  const rocksdb::Status status = store.db->Get(At(state_->snapshot), store.At(family), AsSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return MakeError(store.Name(), "reading", status);
  return std::optional(std::move(value));
}

Result<std::vector<std::optional<std::string>>> View::GetMany(Family family,
                                                              const std::vector<std::string>& keys) const {
  const Store::State& store = state_->store;
  if (!store.db) return Error{ErrorCode::kUnavailable, store.Name() + " is not open"};
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> found(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  store.db->MultiGet(At(state_->snapshot), store.At(family), keys.size(), slices.data(), found.data(),
                     statuses.data());
  std::vector<std::optional<std::string>> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return MakeError(store.Name(), "reading", statuses[i]);
    values[i].emplace(found[i].data(), found[i].size());
  }
  return values;
}

Cursor View::NewCursor(Family family) const {
  const Store::State& store = state_->store;
  if (!store.db) {
    return Cursor(std::unique_ptr<rocksdb::Iterator>(
        rocksdb::NewErrorIterator(rocksdb::Status::Incomplete(store.Name() + " is not open"))));
  }
  return Cursor(
      std::unique_ptr<rocksdb::Iterator>(store.db->NewIterator(At(state_->snapshot), store.At(family))));
}

}  // namespace postern::kv
