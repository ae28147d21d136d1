#include "shared/kv/batch.h"

#include <string>

#include <rocksdb/comparator.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "shared/base/check.h"
#include "shared/kv/profile.h"

namespace postern::kv {
namespace {

rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// A family's number as RocksDB writes it; all that a batch needs to know of it.
class Number : public rocksdb::ColumnFamilyHandle {
 public:
  explicit Number(Family family) : id_(static_cast<uint32_t>(family) + kFirstFamily) {}

  uint32_t GetID() const override { return id_; }
  const rocksdb::Comparator* GetComparator() const override { return rocksdb::BytewiseComparator(); }
  const std::string& GetName() const override { return name_; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
    return rocksdb::Status::NotSupported();
  }

 private:
  const uint32_t id_;
  const std::string name_;
};

}  // namespace

Batch::Batch() : batch_(std::make_unique<rocksdb::WriteBatch>()) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

void Batch::Put(Family family, std::string_view key, std::string_view value) {
  Number number(family);
  CHECK(batch_->Put(&number, AsSlice(key), AsSlice(value)).ok());
}

void Batch::Merge(Family family, std::string_view key, std::string_view operand) {
  Number number(family);
  CHECK(batch_->Merge(&number, AsSlice(key), AsSlice(operand)).ok());
}

void Batch::Delete(Family family, std::string_view key) {
  Number number(family);
  CHECK(batch_->Delete(&number, AsSlice(key)).ok());
}

void Batch::DeleteRange(Family family, std::string_view begin, std::string_view end) {
  Number number(family);
  CHECK(batch_->DeleteRange(&number, AsSlice(begin), AsSlice(end)).ok());
}

void Batch::Clear() { batch_->Clear(); }

bool Batch::empty() const { return batch_->Count() == 0; }

size_t Batch::bytes() const { return batch_->GetDataSize(); }

std::string_view Batch::as_logged() const { return batch_->Data(); }

}  // namespace postern::kv
