#include "agent/dialect/splice.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/agent/dialect/plain_json.h"

namespace postern::dialect {
namespace {

using Places = std::vector<uint32_t>;

struct Order {
  Places cut;
  int64_t most_tokens = INT64_MAX;
};

std::string Spliced(std::string body, const Order& order) {
  JsonCursor json;
  const std::string original = body;
  const auto facts = ReadMessagesRequest(original, json);
  EXPECT_TRUE(facts) << (facts ? "" : facts.error().message) << original;
  if (!facts) return "";
  Splice splice(original, *facts);
  splice.CutTools(order.cut);
  EXPECT_TRUE(splice.LowerMaxTokens(order.most_tokens));
  body.resize(splice.Apply(body));
  return body;
}

std::string Cut(std::string_view body, Places places) {
  return Spliced(std::string(body), {std::move(places)});
}

TEST(Splice, CutsAToolWithTheSeparatorAfterItOrAtTheEndTheOneBeforeIt) {
  constexpr std::string_view kBody =
      R"({"model":"m", "tools" : [ {"name":"A"} , {"name":"B"},{"name":"C"}  ] })";
  EXPECT_EQ(Cut(kBody, {}), kBody);
  EXPECT_EQ(Cut(kBody, {0}), R"({"model":"m", "tools" : [ {"name":"B"},{"name":"C"}  ] })");
  EXPECT_EQ(Cut(kBody, {1}), R"({"model":"m", "tools" : [ {"name":"A"} , {"name":"C"}  ] })");
  EXPECT_EQ(Cut(kBody, {2}), R"({"model":"m", "tools" : [ {"name":"A"} , {"name":"B"}  ] })");
  EXPECT_EQ(Cut(kBody, {0, 2}), R"({"model":"m", "tools" : [ {"name":"B"}  ] })");
  EXPECT_EQ(Cut(kBody, {1, 2}), R"({"model":"m", "tools" : [ {"name":"A"}  ] })");
}

TEST(Splice, LeavesAnEmptyListWhereNoToolStaysAndTakesTheChoiceAway) {
  EXPECT_EQ(Cut(R"({"model":"m","tools":[{"name":"A"},{"name":"B"}],"x":1})", {0, 1}),
            R"({"model":"m","tools":[],"x":1})");
  EXPECT_EQ(Cut(R"({"model":"m","tools":[{"name":"A"}] , "tool_choice" : {"type":"auto"} })", {0}),
            R"({"model":"m","tools":[]  })");
  EXPECT_EQ(Cut(R"({ "tool_choice":{"type":"auto"} , "tools":[{"name":"A"}],"model":"m"})", {0}),
            R"({  "tools":[],"model":"m"})");
  EXPECT_EQ(Cut(R"({"tool_choice":null,"tools":[{"name":"A"}],"model":"m"})", {0}),
            R"({"tool_choice":null,"tools":[],"model":"m"})");
}

TEST(Splice, KeepsTheChoiceWhileAToolStays) {
  EXPECT_EQ(Cut(R"({"model":"m","tools":[{"name":"A"},{"name":"B"}],"tool_choice":{"type":"any"}})", {1}),
            R"({"model":"m","tools":[{"name":"A"}],"tool_choice":{"type":"any"}})");
}

TEST(Splice, MovesTheCacheMarkOfACutToolToTheOneBeforeIt) {
  EXPECT_EQ(
      Cut(R"({"model":"m","tools":[{"name":"A"},{"name":"B" , "cache_control" : {"type":"ephemeral", "ttl":"1h"}}]})",
          {1}),
      R"({"model":"m","tools":[{"name":"A","cache_control":{"type":"ephemeral", "ttl":"1h"}}]})");
  EXPECT_EQ(
      Cut(R"({"model":"m","tools":[{"name":"A"} , {"cache_control":{"type":"ephemeral"}}, {"name":"C"}]})",
          {1}),
      R"({"model":"m","tools":[{"name":"A","cache_control":{"type":"ephemeral"}} , {"name":"C"}]})");
  // Also where that one holds nothing else.
  EXPECT_EQ(
      Cut(R"({"model":"m","tools":[{ },{"name":"B","cache_control":{"type":"ephemeral"}},{"name":"C"}]})",
          {1}),
      R"({"model":"m","tools":[{ "cache_control":{"type":"ephemeral"}},{"name":"C"}]})");
}

TEST(Splice, DropsTheMarkWhereNoToolBeforeItMayBearIt) {
  EXPECT_EQ(Cut(R"({"model":"m","tools":[{"name":"A","cache_control":{}},{"name":"B"}]})", {0}),
            R"({"model":"m","tools":[{"name":"B"}]})");
  EXPECT_EQ(
      Cut(R"({"model":"m","tools":[{"name":"A","cache_control":{"a":1}},{"name":"B","cache_control":{"b":1}}]})",
          {1}),
      R"({"model":"m","tools":[{"name":"A","cache_control":{"a":1}}]})");
  EXPECT_EQ(
      Cut(R"({"model":"m","tools":[{"name":"A","defer_loading":true},{"name":"B","cache_control":{}}]})",
          {1}),
      R"({"model":"m","tools":[{"name":"A","defer_loading":true}]})");
  EXPECT_EQ(Cut(R"({"model":"m","tools":[{"name":"A"},{"name":"B","cache_control":null}]})", {1}),
            R"({"model":"m","tools":[{"name":"A"}]})");
}

TEST(Splice, LowersMaxTokensAndTheThinkingBelowIt) {
  EXPECT_EQ(Spliced(R"({"model":"m","max_tokens": 64000 ,"messages":[]})", {{}, 8000}),
            R"({"model":"m","max_tokens": 8000 ,"messages":[]})");
  EXPECT_EQ(Spliced(R"({"model":"m","max_tokens":8000,"messages":[]})", {{}, 8000}),
            R"({"model":"m","max_tokens":8000,"messages":[]})");
  EXPECT_EQ(Spliced(R"({"thinking":{"type":"enabled","budget_tokens":31999},"model":"m","max_tokens":32000})",
                    {{}, 8000}),
            R"({"thinking":{"type":"enabled","budget_tokens":7999},"model":"m","max_tokens":8000})");
  EXPECT_EQ(Spliced(R"({"thinking":{"type":"enabled","budget_tokens":2000},"model":"m","max_tokens":32000})",
                    {{}, 8000}),
            R"({"thinking":{"type":"enabled","budget_tokens":2000},"model":"m","max_tokens":8000})");
  EXPECT_EQ(Spliced(R"({"thinking":{"type":"adaptive"},"model":"m","max_tokens":32000})", {{}, 1}),
            R"({"thinking":{"type":"adaptive"},"model":"m","max_tokens":1})");
}

TEST(Splice, SaysWhereThinkingNoLongerFits) {
  JsonCursor json;
  constexpr std::string_view kBody =
      R"({"thinking":{"type":"enabled","budget_tokens":1024},"model":"m","max_tokens":32000})";
  const auto facts = ReadMessagesRequest(kBody, json);
  ASSERT_TRUE(facts);
  Splice splice(kBody, *facts);
  EXPECT_FALSE(splice.LowerMaxTokens(1024));
  EXPECT_TRUE(splice.empty());
  EXPECT_TRUE(splice.LowerMaxTokens(1025));
}

// A request made of pieces that are known, so that what is to be left of it can be put together again.
class RandomRequest {
 public:
  explicit RandomRequest(uint32_t seed) : random_(seed) {
    for (int i = Pick(7); i > 0; --i) tools_.push_back({Tool(), Space() + "," + Space()});
    lead_ = Space();
    tail_ = Space();
    front_ = Space() + "{" + Space() + R"("model":"claude-x",)" + Unknown() + ",\"tools\"" + Space() + ":" +
             Space();
    back_ = "," + Unknown() + R"(,"max_tokens":)" + Space();
    max_tokens_ = 1 + Pick(100'000);
    end_ = Space() + "," + Unknown() + "}" + Space();
  }

  size_t tools() const { return tools_.size(); }
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }

  // As it is without these, and with so many tokens at most.
  std::string Without(const Places& places, int64_t most) const {
    std::vector<std::pair<std::string, std::string>> left = tools_;
    for (auto place = places.rbegin(); place != places.rend(); ++place) left.erase(left.begin() + *place);
    std::string list = "[" + lead_;
    for (size_t i = 0; i < left.size(); ++i)
      list += left[i].first + (i + 1 < left.size() ? left[i].second : "");
    return front_ + list + tail_ + "]" + back_ + std::to_string(std::min<int64_t>(max_tokens_, most)) + end_;
  }

 private:
  std::string Space() {
    static constexpr std::string_view kSpaces[] = {"", "", " ", "\n", "\t", "\r\n  "};
    return std::string(kSpaces[Pick(6)]);
  }
  std::string Unknown() {
    static constexpr std::string_view kValues[] = {R"("\"tools\":[{},{}]")",
                                                   "[1, {\"tools\":[ {}]}]",
                                                   "{\"max_tokens\":9}",
                                                   "null",
                                                   "-0.5e3",
                                                   R"("\\")"};
    return Space() + "\"x_" + std::to_string(random_()) + "\"" + Space() + ":" + Space() +
           std::string(kValues[Pick(6)]) + Space();
  }
  std::string Tool() {
    std::string tool = "{" + Space();
    for (int i = Pick(3); i > 0; --i) tool += Unknown() + ",";
    tool += R"("name")" + Space() + ":" + Space() + "\"T" + std::to_string(Pick(9)) + "\"" + Space();
    for (int i = Pick(3); i > 0; --i) tool += "," + Unknown();
    return tool + "}";
  }

  std::mt19937 random_;
  std::vector<std::pair<std::string, std::string>> tools_;  // and what stands behind each but the last
  std::string lead_, tail_, front_, back_, end_;
  int64_t max_tokens_ = 0;
};

TEST(Splice, LeavesEveryOtherByteOfTenThousandRandomRequests) {
  for (uint32_t seed = 0; seed < 10'000; ++seed) {
    RandomRequest request(seed);
    Places cut;
    for (uint32_t i = 0; i < request.tools(); ++i) {
      if (request.Pick(2) == 0) cut.push_back(i);
    }
    const int64_t most = 1 + request.Pick(100'000);
    const std::string body = request.Without({}, INT64_MAX);
    ASSERT_EQ(Spliced(body, {cut, most}), request.Without(cut, most)) << body;
    ASSERT_TRUE(ParsePlainJson(request.Without(cut, most), 64));
  }
}

bool IsMark(const PlainMember& member) {
  return DecodePlainString(member.key) == "cache_control" && member.value.Is(PlainJson::Kind::kObject);
}

std::string Text(const PlainJson& value);

std::string Text(const PlainMember& member) { return "\"" + member.key + "\":" + Text(member.value); }

std::string Text(const PlainJson& value) {
  std::string text;
  switch (value.kind) {
    case PlainJson::Kind::kObject:
      for (const PlainMember& member : value.members) text += (text.empty() ? "" : ",") + Text(member);
      return "{" + text + "}";
    case PlainJson::Kind::kArray:
      for (const PlainJson& element : value.elements) text += (text.empty() ? "" : ",") + Text(element);
      return "[" + text + "]";
    case PlainJson::Kind::kString: return "\"" + value.text + "\"";
    case PlainJson::Kind::kNumber: return value.text;
    case PlainJson::Kind::kTrue: return "true";
    case PlainJson::Kind::kFalse: return "false";
    case PlainJson::Kind::kNull: return "null";
  }
  return text;
}

// The same edit in a tree: obvious, and nothing like the splice.
void CutInTree(PlainJson& body, const Places& cut) {
  for (PlainMember& member : body.members) {
    if (member.key != "tools") continue;
    std::vector<PlainJson> left;
    for (uint32_t i = 0; i < member.value.elements.size(); ++i) {
      PlainJson& tool = member.value.elements[i];
      if (std::find(cut.begin(), cut.end(), i) == cut.end()) {
        left.push_back(tool);
        continue;
      }
      // A mark moves to the tool before; of several that are cut in a row the last one's counts.
      const auto mark = std::find_if(tool.members.begin(), tool.members.end(), IsMark);
      bool later = false;
      for (uint32_t next = i + 1; std::find(cut.begin(), cut.end(), next) != cut.end(); ++next) {
        const auto& members = member.value.elements[next].members;
        later |= std::any_of(members.begin(), members.end(), IsMark);
      }
      if (mark == tool.members.end() || later || left.empty()) continue;
      auto& members = left.back().members;
      if (std::none_of(members.begin(), members.end(), IsMark))
        members.push_back({"cache_control", mark->value});
    }
    member.value.elements = std::move(left);
  }
}

TEST(Splice, MovesMarksAsATreeWouldMoveThem) {
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    std::string body = R"({"model":"m","tools":[)";
    Places cut;
    const uint32_t tools = 1 + random() % 6;
    for (uint32_t place = 0; place < tools; ++place) {
      const std::string name = std::to_string(place);
      body += place == 0 ? "" : ",";
      body += R"({"name":"T)" + name + "\"";
      if (random() % 2 == 0) body += R"(,"cache_control":{"ttl":")" + name + "m\"}";
      body += R"(,"input_schema":{}})";
      if (random() % 2 == 0) cut.push_back(place);
    }
    body += "]}";
    auto tree = ParsePlainJson(body, 64);
    ASSERT_TRUE(tree);
    CutInTree(*tree, cut);
    ASSERT_EQ(Cut(body, cut), Text(*tree)) << body;
  }
}

}  // namespace
}  // namespace postern::dialect
