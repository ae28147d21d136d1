#include "shared/kv/cursor.h"

#include <rocksdb/iterator.h>

#include "shared/kv/errors.h"

namespace postern::kv {
namespace {

std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

Cursor::Cursor(std::unique_ptr<rocksdb::Iterator> iterator) : iterator_(std::move(iterator)) {}
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;
Cursor::~Cursor() = default;

void Cursor::SeekToFirst() { iterator_->SeekToFirst(); }
void Cursor::SeekToLast() { iterator_->SeekToLast(); }
void Cursor::Seek(std::string_view key) { iterator_->Seek(AsSlice(key)); }
void Cursor::SeekBackward(std::string_view key) { iterator_->SeekForPrev(AsSlice(key)); }
void Cursor::Next() { iterator_->Next(); }
void Cursor::Previous() { iterator_->Prev(); }

bool Cursor::valid() const { return iterator_->Valid(); }
std::string_view Cursor::key() const { return AsView(iterator_->key()); }
std::string_view Cursor::value() const { return AsView(iterator_->value()); }

Status Cursor::status() const {
  const rocksdb::Status status = iterator_->status();
  if (status.ok()) return Ok{};
  return MakeError("the store", "reading", status);
}

}  // namespace postern::kv
