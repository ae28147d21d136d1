#include "shared/secrets/literals.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "shared/secrets/keyed_hash.h"
#include "shared/secrets/literal_forms.h"

namespace postern::secrets {
namespace {

std::shared_ptr<const Literals> Of(const std::vector<std::string>& secrets) {
  std::shared_ptr<const Literals> literals;
  for (const std::string& secret : secrets) {
    auto more = Literals::With(literals, secret, "a-rule");
    EXPECT_TRUE(more);
    literals = *more;
  }
  return literals;
}

TEST(Literals, AreOddEnoughToBeLookedFor) {
  EXPECT_TRUE(IsWorthRemembering("a1b2c3d4e5f6"));
  EXPECT_TRUE(IsWorthRemembering("correct-horse-battery"));
  EXPECT_FALSE(IsWorthRemembering("a1b2c3d4e5"));
  EXPECT_FALSE(IsWorthRemembering("postgresadmin"));
  EXPECT_FALSE(IsWorthRemembering("a1a1a1a1a1a1a1a1a1a1"));
}

TEST(Literals, AreKeptOnceAndTheOldestGoesFirst) {
  const auto one = Of({"a1b2c3d4e5f6"});
  EXPECT_EQ(*Literals::With(one, "a1b2c3d4e5f6", "another"), one);
  EXPECT_EQ(*Literals::With(one, "short", "another"), one);
  std::vector<std::string> many;
  for (size_t i = 0; i <= Literals::kMost; ++i) many.push_back("secret-number-" + std::to_string(i));
  const auto all = Of(many);
  EXPECT_EQ(all->size(), Literals::kMost);
  EXPECT_FALSE(all->Holds(many.front()));
  EXPECT_TRUE(all->Holds(many.back()));
}

TEST(Literals, AreFoundWhereverTheyStand) {
  const auto literals =
      Of({"a1b2c3d4e5f6", "a1b2c3d4e5f6g7h8", std::string("with\nnewlines 1 and \0 in it", 27)});
  std::mt19937 random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::string text(random() % 100, '.');
    for (int i = 0; i < 3; ++i) {
      text += literals->secret(random() % 3);
      text += std::string(random() % 40, 'a');
    }
    const Span within{random() % 20, text.size() - random() % 20};
    std::vector<std::pair<size_t, size_t>> expected;
    for (size_t at = within.begin; at < within.end; ++at) {
      size_t longest = 0;
      for (uint32_t i = 0; i < literals->size(); ++i) {
        const std::string_view secret = literals->secret(i);
        if (at + secret.size() <= within.end && std::string_view(text).substr(at, secret.size()) == secret)
          longest = std::max(longest, secret.size());
      }
      if (longest > 0) expected.emplace_back(at, at + longest);
    }
    std::vector<std::pair<size_t, size_t>> found;
    for (const auto& one : literals->Find(text, within)) found.emplace_back(one.span.begin, one.span.end);
    ASSERT_EQ(found, expected);
  }
}

TEST(LiteralForms, AreThoseThatJsonGivesThem) {
  EXPECT_EQ(FormsOf("plain-1"), std::vector<std::string>{"plain-1"});
  EXPECT_EQ(FormsOf("a\"b"), (std::vector<std::string>{"a\"b", R"(a\"b)", R"(a\\\"b)", R"(a\\\\\\\"b)"}));
  EXPECT_EQ(FormsOf("a/b"), (std::vector<std::string>{"a/b", R"(a\/b)", R"(a\\/b)", R"(a\\\\/b)"}));
  const auto undone = FormsOf(R"(a\nb)");
  EXPECT_EQ(undone.back(), "a\nb");
}

TEST(Literals, AreFoundInEveryFormAndTellTheSecret) {
  const auto literals = Of({"a1b2c3\"d4e5f6"});
  const std::string text = R"(x a1b2c3"d4e5f6 y a1b2c3\"d4e5f6 z a1b2c3\\\"d4e5f6)";
  const auto found = literals->Find(text, {0, text.size()});
  ASSERT_EQ(found.size(), 3u);
  for (const auto& one : found) EXPECT_EQ(literals->secret(one.literal), "a1b2c3\"d4e5f6");
  EXPECT_EQ(In(text, found[2].span), R"(a1b2c3\\\"d4e5f6)");
}

TEST(KeyedHash, TellsTextsApartByEveryByteAndTheirLength) {
  const KeyedHash hash("thirty-two bytes that are secret"), other("another thirty-two secret bytes!");
  std::string text(3'000, 'x');
  const uint64_t before = hash.Of("key", text);
  EXPECT_NE(before, other.Of("key", text));
  EXPECT_NE(before, hash.Of("keyx", text.substr(1)));
  for (size_t i = 0; i < text.size(); i += 7) {
    text[i] = 'y';
    EXPECT_NE(hash.Of("key", text), before);
    text[i] = 'x';
  }
  EXPECT_EQ(hash.Of("key", text), before);
  EXPECT_NE(hash.OfPiece(std::string(1, '\0')), hash.OfPiece(""));
  EXPECT_NE(hash.OfPiece(std::string(16, '\0')), hash.OfPiece(std::string(17, '\0')));
  EXPECT_EQ(hash.OfPieces(text)->size(), 3u);
}

}  // namespace
}  // namespace postern::secrets
