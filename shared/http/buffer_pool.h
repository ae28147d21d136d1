// Large buffers that are used again: freeing and faulting in 300 KB for each request costs more than relaying
// it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace postern::http {

class BufferPool;

// Bytes that go back to their pool. After `size()` bytes there are always kPadding more that may be read (not
// relied upon for their values), as SIMD parsers want. The pool must live longer. Owned by the loop thread.
class Buffer {
 public:
  static constexpr size_t kPadding = 64;

  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  std::string_view view() const { return {data_.get(), size_}; }
  std::span<char> bytes() { return {data_.get(), size_}; }  // of the view
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // The part that isn't filled yet; Fill makes its first `count` bytes part of the view.
  std::span<char> spare() { return {data_.get() + size_, capacity_ - size_}; }
  void Fill(size_t count);
  void Append(std::string_view bytes);  // there must be room
  void Clear() { size_ = 0; }
  void Shrink(size_t size) { size_ = size < size_ ? size : size_; }

  // Makes room for `wanted` more bytes; what is there is kept, but moves.
  void Reserve(size_t wanted);
  void Release();

 private:
  friend class BufferPool;
  BufferPool* pool_ = nullptr;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t size_ = 0;
};

// Owned by the loop thread.
class BufferPool {
 public:
  // A buffer with room for at least `size` bytes.
  Buffer Lease(size_t size);

  // Frees those buffers that have lain here unused since the last call; to be called every few seconds.
  void Trim();

 private:
  friend class Buffer;
  static constexpr size_t kSmallest = 12;  // 2^12 bytes
  static constexpr size_t kClasses = 16;   // up to 2^27; beyond that nothing is kept
  struct Class {
    std::vector<std::unique_ptr<char[]>> idle;
    size_t least_idle = 0;  // since the last Trim
  };
  void Return(std::unique_ptr<char[]> data, size_t capacity);

  std::array<Class, kClasses> classes_;
};

}  // namespace postern::http
