#include "shared/http/buffer_pool.h"

#include <gtest/gtest.h>

namespace postern::http {
namespace {

TEST(BufferPool, ABufferThatComesBackIsUsedAgain) {
  BufferPool pool;
  Buffer first = pool.Lease(300'000);
  const char* const place = first.view().data();
  first.Release();
  const Buffer second = pool.Lease(290'000);  // of the same class
  EXPECT_EQ(second.view().data(), place);
  EXPECT_EQ(second.size(), 0U);
}

TEST(BufferPool, GrowingKeepsWhatIsThere) {
  BufferPool pool;
  Buffer buffer = pool.Lease(10);
  buffer.Append("0123456789");
  buffer.Reserve(1'000'000);
  EXPECT_GE(buffer.spare().size(), 1'000'000U);
  EXPECT_EQ(buffer.view(), "0123456789");
}

TEST(BufferPool, WhatIsMovedFromHoldsNothing) {
  BufferPool pool;
  Buffer from = pool.Lease(10);
  from.Append("x");
  const Buffer to = std::move(from);
  EXPECT_EQ(to.view(), "x");
  EXPECT_EQ(from.capacity(), 0U);  // NOLINT: that it may be looked at is the point
}

// A buffer that lay idle for a whole interval is freed: what is leased next is no longer it.
TEST(BufferPool, TrimFreesOnlyWhatNobodyWanted) {
  BufferPool pool;
  Buffer wanted = pool.Lease(100'000);
  const char* const place = wanted.view().data();
  wanted.Release();
  pool.Trim();                   // it came back in this interval, so it stays
  wanted = pool.Lease(100'000);  // and is wanted in this one
  EXPECT_EQ(wanted.view().data(), place);
  wanted.Release();
  pool.Trim();
  EXPECT_EQ(pool.Lease(100'000).view().data(), place);
}

}  // namespace
}  // namespace postern::http
