#include "shared/kv/merge.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

namespace postern::kv {
namespace {

constexpr size_t kNumberBytes = 8;

uint64_t NumberAt(std::string_view row, size_t at) {
  uint64_t number = 0;
  if (at >= row.size()) return number;
  for (size_t i = 0; i < kNumberBytes; ++i) number = number << 8 | static_cast<uint8_t>(row[at + i]);
  return number;
}

class Append : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "postern.append"; }

  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& operand,
             std::string* result, rocksdb::Logger*) const override {
    result->clear();
    if (existing != nullptr) result->assign(existing->data(), existing->size());
    result->append(operand.data(), operand.size());
    return true;
  }

  // Of many operands at once, so that a value is not copied for each.
  bool FullMergeV2(const MergeOperationInput& input, MergeOperationOutput* output) const override {
    std::string& value = output->new_value;
    value.clear();
    size_t size = input.existing_value != nullptr ? input.existing_value->size() : 0;
    for (const rocksdb::Slice& operand : input.operand_list) size += operand.size();
    value.reserve(size);
    if (input.existing_value != nullptr)
      value.append(input.existing_value->data(), input.existing_value->size());
    for (const rocksdb::Slice& operand : input.operand_list) value.append(operand.data(), operand.size());
    return true;
  }
  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& operands,
                         std::string* result, rocksdb::Logger*) const override {
    result->clear();
    for (const rocksdb::Slice& operand : operands) result->append(operand.data(), operand.size());
    return true;
  }
};

class AddNumbers : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "postern.add_numbers"; }

  // False, which RocksDB reports as damage, for a row that isn't made of whole numbers.
  bool Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& operand,
             std::string* result, rocksdb::Logger*) const override {
    const std::string_view a =
        existing == nullptr ? "" : std::string_view(existing->data(), existing->size());
    const std::string_view b(operand.data(), operand.size());
    if (a.size() % kNumberBytes != 0 || b.size() % kNumberBytes != 0) return false;
    std::string sums;
    for (size_t at = 0; at < std::max(a.size(), b.size()); at += kNumberBytes) {
      uint64_t sum = 0;
      if (__builtin_add_overflow(NumberAt(a, at), NumberAt(b, at), &sum))
        sum = std::numeric_limits<uint64_t>::max();
      for (int shift = 56; shift >= 0; shift -= 8) sums.push_back(static_cast<char>(sum >> shift));
    }
    *result = std::move(sums);
    return true;
  }
};

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> MergeOperatorOf(MergeRule rule) {
  switch (rule) {
    case MergeRule::kNone: return nullptr;
    case MergeRule::kAppend: return std::make_shared<Append>();
    case MergeRule::kAddNumbers: return std::make_shared<AddNumbers>();
  }
  return nullptr;
}

}  // namespace postern::kv
