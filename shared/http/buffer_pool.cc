#include "shared/http/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "shared/base/check.h"

namespace postern::http {

Buffer::Buffer(Buffer&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      data_(std::move(other.data_)),
      capacity_(std::exchange(other.capacity_, 0)),
      size_(std::exchange(other.size_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    Release();
    pool_ = std::exchange(other.pool_, nullptr);
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Buffer::~Buffer() { Release(); }

void Buffer::Release() {
  if (data_) pool_->Return(std::move(data_), capacity_);
  capacity_ = size_ = 0;
}

void Buffer::Fill(size_t count) {
  CHECK(count <= capacity_ - size_);
  size_ += count;
}

void Buffer::Append(std::string_view bytes) {
  CHECK(bytes.size() <= capacity_ - size_);
  std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::Reserve(size_t wanted) {
  if (wanted <= capacity_ - size_) return;
  Buffer larger = pool_->Lease(std::max(size_ + wanted, 2 * capacity_));
  larger.Append(view());
  *this = std::move(larger);
}

Buffer BufferPool::Lease(size_t size) {
  const size_t bits = std::max<size_t>(std::bit_width(size + Buffer::kPadding - 1), kSmallest);
  Buffer buffer;
  buffer.pool_ = this;
  buffer.capacity_ = (size_t{1} << bits) - Buffer::kPadding;
  if (bits - kSmallest < kClasses) {
    Class& kept = classes_[bits - kSmallest];
    if (!kept.idle.empty()) {
      buffer.data_ = std::move(kept.idle.back());
      kept.idle.pop_back();
      kept.least_idle = std::min(kept.least_idle, kept.idle.size());
      return buffer;
    }
  }
  buffer.data_ = std::make_unique_for_overwrite<char[]>(size_t{1} << bits);
  return buffer;
}

void BufferPool::Return(std::unique_ptr<char[]> data, size_t capacity) {
  const auto bits = static_cast<size_t>(std::bit_width(capacity + Buffer::kPadding - 1));
  if (bits - kSmallest < kClasses) classes_[bits - kSmallest].idle.push_back(std::move(data));
}

void BufferPool::Trim() {
  for (Class& kept : classes_) {
    kept.idle.resize(kept.idle.size() - std::min(kept.least_idle, kept.idle.size()));
    kept.least_idle = kept.idle.size();
  }
}

}  // namespace postern::http
