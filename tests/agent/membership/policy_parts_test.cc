#include "agent/membership/policy_parts.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/agent/membership/policies.h"

namespace postern::membership {
namespace {

wire::PolicyPart Part(uint64_t version, uint32_t size, uint32_t offset, const std::string& piece) {
  wire::PolicyPart part;
  part.set_version(version);
  part.set_sha256(std::string(32, static_cast<char>(version)));
  part.set_size(size);
  part.set_offset(offset);
  part.set_piece(piece);
  return part;
}

TEST(PolicyParts, PiecesInTheirOrderMakeTheWhole) {
  PolicyParts parts;
  EXPECT_FALSE(*parts.Add(Part(3, 9, 0, "abc")));
  EXPECT_FALSE(*parts.Add(Part(3, 9, 3, "def")));
  EXPECT_EQ(parts.held(), 6u);
  const auto whole = *parts.Add(Part(3, 9, 6, "ghi"));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->bytes, "abcdefghi");
  EXPECT_EQ(whole->version, 3u);
  EXPECT_EQ(whole->sha256, std::string(32, '\3'));
  EXPECT_EQ(parts.held(), 0u);
  EXPECT_TRUE(*parts.Add(Part(4, 1, 0, "x")));  // one piece may be all
}

TEST(PolicyParts, APieceAtTheBeginningBeginsAnew) {
  PolicyParts parts;
  EXPECT_FALSE(*parts.Add(Part(3, 6, 0, "abc")));
  EXPECT_FALSE(*parts.Add(Part(4, 4, 0, "wx")));
  EXPECT_EQ((*parts.Add(Part(4, 4, 2, "yz")))->bytes, "wxyz");
  EXPECT_FALSE(*parts.Add(Part(3, 6, 0, "abc")));
  EXPECT_FALSE(*parts.Add(Part(3, 6, 0, "abc")));
  EXPECT_EQ((*parts.Add(Part(3, 6, 3, "def")))->bytes, "abcdef");
}

TEST(PolicyParts, APieceThatDoesntGoOnEndsIt) {
  const auto refused = [](const wire::PolicyPart& second) {
    PolicyParts parts;
    EXPECT_TRUE(parts.Add(Part(3, 6, 0, "abc")));
    const auto added = parts.Add(second);
    EXPECT_EQ(parts.held(), 0u);
    // What would have gone on doesn't any more.
    const auto next = parts.Add(Part(3, 6, 3, "def"));
    EXPECT_FALSE(next.has_value() && next->has_value());
    return !added && added.error().code == ErrorCode::kInvalid;
  };
  EXPECT_TRUE(refused(Part(3, 6, 2, "cd")));    // overlaps
  EXPECT_TRUE(refused(Part(3, 6, 4, "ef")));    // leaves a hole
  EXPECT_TRUE(refused(Part(3, 7, 3, "defg")));  // another size
  EXPECT_TRUE(refused(Part(4, 6, 3, "def")));   // another version and digest
  EXPECT_TRUE(refused(Part(3, 6, 3, "defg")));  // longer than the whole
  EXPECT_TRUE(refused(Part(3, 6, 3, "")));
  wire::PolicyPart another = Part(3, 6, 3, "def");
  another.set_sha256(std::string(32, 'x'));
  EXPECT_TRUE(refused(another));
}

TEST(PolicyParts, NothingGoesOnThatHasntBegun) {
  PolicyParts parts;
  EXPECT_FALSE(parts.Add(Part(3, 6, 3, "def")));
  EXPECT_TRUE(parts.Add(Part(3, 6, 0, "abc")));
  parts.Forget();
  EXPECT_FALSE(parts.Add(Part(3, 6, 3, "def")));
}

TEST(PolicyParts, NoMoreIsHeldThanTheMostThatAPolicyMayBe) {
  constexpr auto kMost = static_cast<uint32_t>(wire::kMaxPolicyBytes);
  PolicyParts parts;
  EXPECT_FALSE(parts.Add(Part(3, kMost + 1, 0, "abc")));
  EXPECT_FALSE(parts.Add(Part(3, ~uint32_t{0}, 0, "abc")));
  EXPECT_FALSE(parts.Add(Part(3, 6, ~uint32_t{0}, "abc")));
  EXPECT_FALSE(parts.Add(Part(0, 3, 0, "abc")));
  EXPECT_FALSE(parts.Add(Part(3, kMost, 0, std::string(wire::kMaxPolicyPieceBytes + 1, 'x'))));
  EXPECT_TRUE(parts.Add(Part(3, kMost, 0, "abc")));
  EXPECT_EQ(parts.held(), 3u);  // a size that is only claimed costs nothing
}

TEST(PolicyParts, TheRestOfOneThatWasGivenUpIsPassedOver) {
  PolicyParts parts;
  EXPECT_FALSE(parts.Add(Part(3, 9, 6, "ghi")));  // what was before it got lost: said once
  const auto rest = parts.Add(Part(3, 9, 3, "def"));
  ASSERT_TRUE(rest);
  EXPECT_FALSE(*rest);
  EXPECT_EQ(parts.held(), 0u);
  EXPECT_FALSE(parts.Add(Part(4, 9, 3, "def")));  // another one is not
  ASSERT_TRUE(parts.Add(Part(3, 6, 0, "abc")));
  EXPECT_TRUE(*parts.Add(Part(3, 6, 3, "def")));
}

// Against the obvious: all pieces since the last one at 0 are one policy's and follow each other.
TEST(PolicyParts, AnyOrderOfPiecesGivesWhatTheObviousWayGives) {
  std::mt19937 random(7);  // NOLINT: the same pieces in each run
  for (int round = 0; round < 2000; ++round) {
    PolicyParts parts;
    std::vector<wire::PolicyPart> run;
    for (int i = 0; i < 20; ++i) {
      const auto size = static_cast<uint32_t>(1 + random() % 4);
      const auto offset = static_cast<uint32_t>(random() % 4);
      const wire::PolicyPart part =
          Part(1 + random() % 2, size, offset, std::string(1 + random() % 2, 'a' + offset));
      const auto added = parts.Add(part);

      if (part.offset() == 0) run.clear();
      run.push_back(part);
      std::string joined;
      bool good = run.front().offset() == 0;
      for (const wire::PolicyPart& one : run) {
        good = good && one.version() == run[0].version() && one.size() == run[0].size() &&
               one.offset() == joined.size();
        joined += one.piece();
        good = good && joined.size() <= one.size();
      }
      const bool passed_over = added.has_value() && !added->has_value();
      ASSERT_TRUE(added.has_value() == good || passed_over);
      if (!good) run.clear();
      if (!good) continue;
      ASSERT_EQ(added->has_value(), joined.size() == run[0].size());
      if (!*added) continue;
      EXPECT_EQ((*added)->bytes, joined);
      run.clear();
    }
  }
}

}  // namespace
}  // namespace postern::membership
