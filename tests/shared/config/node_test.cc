#include "shared/config/node.h"

#include <limits>

#include <gtest/gtest.h>

namespace postern::config {
namespace {

Node Read(std::string_view text) {
  auto node = Parse(text, "test.yaml");
  EXPECT_TRUE(node) << node.error().message;
  return *node;
}

// The value of the key `v`.
Node Value(std::string_view text) { return *Read("v: " + std::string(text)).AsMap({"v"})->Find("v"); }

template <class T>
std::string Message(const Result<T>& result) {
  if (result) return "(no error)";
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  return result.error().message;
}

TEST(Node, ReadsTextsPlainAndQuoted) {
  EXPECT_EQ(*Value("127.0.0.1:4780").AsString(), "127.0.0.1:4780");
  EXPECT_EQ(*Value("'a: b'").AsString(), "a: b");
  EXPECT_EQ(*Value("\"\\u00e9\"").AsString(), "é");
  EXPECT_EQ(*Value("''").AsString(), "");
  EXPECT_EQ(*Value("yes").AsString(), "yes");
}

TEST(Node, SaysWhatStandsWhereATextShould) {
  EXPECT_EQ(Message(Value("[1]").AsString()), "test.yaml:1: v: found a list, allowed is a text");
  EXPECT_EQ(Message(Value("{a: 1}").AsString()), "test.yaml:1: v: found a mapping, allowed is a text");
  EXPECT_EQ(Message(Value("").AsString()), "test.yaml:1: v: found nothing, allowed is a text");
  EXPECT_EQ(Message(Value("~").AsString()), "test.yaml:1: v: found nothing, allowed is a text");
}

TEST(Node, RefusesControlCharacters) {
  EXPECT_EQ(Message(Value("\"a\\0b\"").AsString()),
            "test.yaml:1: v: found \"a?b\", allowed is a text of one line without control characters");
  EXPECT_FALSE(Value("\"a\\r\\nx-api-key: b\"").AsString());
  EXPECT_FALSE(Value("\"\\x7f\"").AsString());
}

TEST(Node, NeverShowsASecret) {
  EXPECT_EQ(*Value("sk-1").AsSecret(), "sk-1");
  EXPECT_EQ(Message(Value("\"sk-1\\n\"").AsSecret()).find("sk-1"), std::string::npos);
}

TEST(Node, CutsLongTextsInErrorsBetweenCharacters) {
  std::string text = "x";
  for (int i = 0; i < 100; ++i) text += "é";
  std::string kept = "x";
  for (int i = 0; i < 29; ++i) kept += "é";
  EXPECT_EQ(Message(Value(text).AsBool()),
            "test.yaml:1: v: found \"" + kept + "…\", allowed is true or false");
}

TEST(Node, ReadsBooleans) {
  EXPECT_TRUE(*Value("true").AsBool());
  EXPECT_FALSE(*Value("false").AsBool());
  EXPECT_EQ(Message(Value("yes").AsBool()), "test.yaml:1: v: found \"yes\", allowed is true or false");
}

TEST(Node, ReadsIntegersWithinTheirRange) {
  EXPECT_EQ(*Value("12").AsInteger(0, 12), 12);
  EXPECT_EQ(*Value("-3").AsInteger(-3, 0), -3);
  EXPECT_EQ(*Value("9223372036854775807").AsInteger(0, std::numeric_limits<int64_t>::max()),
            std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Message(Value("13").AsInteger(0, 12)),
            "test.yaml:1: v: found \"13\", allowed is a whole number from 0 to 12");
  for (const char* wrong : {"1.0", "1e1", "0x1", "1 2", "''", "+1", "9223372036854775808", "[1]"}) {
    EXPECT_FALSE(Value(wrong).AsInteger(0, std::numeric_limits<int64_t>::max())) << wrong;
  }
}

TEST(Node, ReadsDurations) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  using std::chrono::seconds;
  EXPECT_EQ(*Value("250ms").AsDuration(), milliseconds(250));
  EXPECT_EQ(*Value("30s").AsDuration(), seconds(30));
  EXPECT_EQ(*Value("5m").AsDuration(), minutes(5));
  EXPECT_EQ(*Value("12h").AsDuration(), hours(12));
  EXPECT_EQ(*Value("7d").AsDuration(), hours(168));
  EXPECT_EQ(*Value("0s").AsDuration(), seconds(0));
  EXPECT_EQ(Message(Value("soon").AsDuration()),
            "test.yaml:1: v: found \"soon\", allowed is a duration such as 250ms, 30s, 5m, 12h or 7d");
  for (const char* wrong : {"5", "-5s", "5 s", "1h30m", "s", "1.5s", "9999999999d", "5S"}) {
    EXPECT_FALSE(Value(wrong).AsDuration()) << wrong;
  }
}

TEST(Node, ReadsBytesInBinaryUnits) {
  EXPECT_EQ(*Value("512").AsBytes(), 512);
  EXPECT_EQ(*Value("64KB").AsBytes(), 65'536);
  EXPECT_EQ(*Value("32MB").AsBytes(), 33'554'432);
  EXPECT_EQ(*Value("1GB").AsBytes(), 1'073'741'824);
  for (const char* wrong : {"1kb", "-1", "1.5GB", "99999999999GB", "GB", "1TB"}) {
    EXPECT_FALSE(Value(wrong).AsBytes()) << wrong;
  }
}

TEST(Node, ReadsDecimalsExactly) {
  EXPECT_EQ(*Value("0.125").AsDecimal(9), 125'000'000);
  EXPECT_EQ(*Value("15").AsDecimal(9), 15'000'000'000);
  EXPECT_EQ(*Value("-0.3").AsDecimal(1), -3);
  EXPECT_EQ(*Value("1.10").AsDecimal(1), 11);
  EXPECT_EQ(*Value("7.0").AsDecimal(0), 7);
  EXPECT_EQ(*Value("0.1").AsDecimal(18), 100'000'000'000'000'000);
  EXPECT_EQ(Message(Value("0.0001").AsDecimal(3)),
            "test.yaml:1: v: found \"0.0001\", allowed is a decimal number with at most 3 decimal places");
  for (const char* wrong :
       {".5", "1.", "1e3", "--1", "'-'", "1.2.3", "1,5", "9223372037", "0.-1", "-+1", "''"}) {
    EXPECT_FALSE(Value(wrong).AsDecimal(9)) << wrong;
  }
}

TEST(Node, ReadsOneOfSomeWords) {
  EXPECT_EQ(*Value("os").AsOneOf({"before_answer", "before_forward", "os"}), "os");
  EXPECT_EQ(Message(Value("before_anser").AsOneOf({"before_answer", "os"})),
            "test.yaml:1: v: found \"before_anser\", allowed is one of before_answer, os; did you mean "
            "\"before_answer\"?");
  EXPECT_EQ(Message(Value("[]").AsOneOf({"a", "os"})),
            "test.yaml:1: v: found a list, allowed is one of a, os");
}

TEST(Node, ReadsListsAndNamesTheirPlaces) {
  const Node root = Read("users:\n  - name: a\n  - name:\n      - x\n      - [1, 2]\n");
  const auto users = *root.AsMap({"users"})->Find("users")->AsList();
  ASSERT_EQ(users.size(), 2u);
  const auto names = *users[1].AsMap({"name"})->Find("name")->AsList();
  const Node last = (*names[1].AsList())[1];
  EXPECT_EQ(last.Where(), "test.yaml:5: users[1].name[1][1]");
  EXPECT_EQ(Message(root.AsList()), "test.yaml:1: found a mapping, allowed is a list");
}

TEST(Node, OutlivesWhatItWasReadFrom) {
  const Node inner = Value("[a, b]").AsList()->back();
  EXPECT_EQ(*inner.AsString(), "b");
  EXPECT_EQ(inner.Where(), "test.yaml:1: v[1]");
}

TEST(Node, NamesTheNearestKeyForAnUnknownOne) {
  const Node root = Read("state: /x\n\nlisen: 1\n");
  EXPECT_EQ(Message(root.AsMap({"listen", "state"})),
            "test.yaml:3: lisen: unknown key; did you mean \"listen\"?");
  EXPECT_EQ(Message(root.AsMap({"state", "b"})), "test.yaml:3: lisen: unknown key; allowed are state, b");
}

TEST(Node, ListsEntriesInFileOrder) {
  const auto entries = *Read("b: 1\na: 2\n").AsEntries();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].first, "b");
  EXPECT_EQ(*entries[1].second.AsInteger(0, 9), 2);
  EXPECT_EQ(entries[1].second.line(), 2);
}

TEST(Map, SaysWhichKeyIsMissing) {
  const Node root = Read("keys:\n  - user: a\n");
  EXPECT_EQ(Message(root.AsMap({"keys"})->Require("id")), "test.yaml:1: the key \"id\" is missing");
  const auto keys = *root.AsMap({"keys"})->Find("keys")->AsList();
  EXPECT_EQ(Message(keys[0].AsMap({"user", "id"})->Require("id")),
            "test.yaml:2: keys[0]: the key \"id\" is missing");
  EXPECT_FALSE(root.AsMap({"keys"})->Find("id"));
}

}  // namespace
}  // namespace postern::config
