#include "collector/store/runs.h"

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "collector/store/coding.h"
#include "collector/store/layout.h"
#include "shared/base/hex.h"

namespace postern::store {
namespace {

Runs Of(const std::set<uint32_t>& places) {
  Runs runs;
  for (const uint32_t place : places) Append(runs, place);
  return runs;
}

std::set<uint32_t> PlacesOf(const Runs& runs) {
  std::set<uint32_t> places;
  for (const Run& run : runs) {
    for (uint32_t place = run.begin; place < run.end; ++place) places.insert(place);
  }
  return places;
}

TEST(Runs, NeighboursAreOneRun) {
  EXPECT_EQ(Of({3, 4, 5, 9}), (Runs{{3, 6}, {9, 10}}));
  std::string row;
  AppendPiece(row, {{3, 6}, {9, 10}});
  EXPECT_EQ(ToHex(row), "0203020300");
}

TEST(Runs, PiecesOfSeveralWritesAreOneRow) {
  std::string row;
  AppendPiece(row, {{3, 6}, {9, 10}});
  AppendPiece(row, {{10, 12}});
  AppendPiece(row, {{200, 201}, {16'383, 16'384}});
  Runs runs;
  ASSERT_TRUE(DecodeRow(row, runs));
  EXPECT_EQ(runs, (Runs{{3, 6}, {9, 12}, {200, 201}, {16'383, 16'384}}));
}

TEST(Runs, RowsThatNobodyWroteAreRefused) {
  const auto refused = [](std::initializer_list<uint64_t> numbers) {
    std::string row;
    for (const uint64_t number : numbers) PutVarint(row, number);
    Runs runs;
    return !DecodeRow(row, runs);
  };
  EXPECT_TRUE(refused({1}));
  EXPECT_TRUE(refused({1, 5}));
  EXPECT_TRUE(refused({2, 5, 0}));
  EXPECT_TRUE(refused({1, kBlock, 0}));
  EXPECT_TRUE(refused({1, 0, kBlock}));
  EXPECT_TRUE(refused({1, kBlock - 1, 1}));
  EXPECT_TRUE(refused({1, 5, 0, 1, 5, 0})) << "the second piece begins before the first one's end";
  EXPECT_TRUE(refused({1, ~uint64_t{0}, 0}));
  EXPECT_FALSE(refused({1, kBlock - 1, 0}));
  EXPECT_FALSE(refused({}));
}

TEST(Runs, AgreeWithSetsOfPlaces) {
  std::mt19937 random(11);
  for (int round = 0; round < 500; ++round) {
    std::set<uint32_t> a;
    std::set<uint32_t> b;
    for (uint32_t i = 0; i < 60; ++i) {
      if (random() % 3 == 0) a.insert(i);
      if (random() % 2 == 0) b.insert(i + 10);
    }
    std::set<uint32_t> common;
    for (const uint32_t place : a) {
      if (b.contains(place)) common.insert(place);
    }
    std::set<uint32_t> all = a;
    all.insert(b.begin(), b.end());
    EXPECT_EQ(PlacesOf(Intersect(Of(a), Of(b))), common);
    EXPECT_EQ(Unite(Of(a), Of(b)), Of(all));
    for (uint32_t place = 0; place < 80; ++place) EXPECT_EQ(Contains(Of(a), place), a.contains(place));
    std::string row;
    if (!a.empty()) AppendPiece(row, Of(a));
    Runs read;
    ASSERT_TRUE(DecodeRow(row, read));
    EXPECT_EQ(read, Of(a));
  }
}

}  // namespace
}  // namespace postern::store
