#include "agent/dialect/messages_request.h"

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/dialect/client_headers.h"
#include "agent/dialect/plain_text.h"
#include "tests/agent/dialect/plain_json.h"

namespace postern::dialect {
namespace {

Result<RequestFacts> Read(std::string_view text) {
  // Exactly as many bytes as the text has, so that AddressSanitizer sees a read behind its end.
  const auto exact = std::make_unique<char[]>(text.size());
  text.copy(exact.get(), text.size());
  JsonCursor json;
  return ReadMessagesRequest({exact.get(), text.size()}, json);
}

std::string Refusal(std::string_view text) {
  const auto facts = Read(text);
  if (facts) return "";
  EXPECT_EQ(facts.error().code, ErrorCode::kInvalid);
  return facts.error().message;
}

constexpr std::string_view kClaudeCode = R"({
  "model": "claude-opus-5-5", "max_tokens": 128000, "stream": true,
  "system": [{"type": "text", "text": "You are Claude Code."}],
  "messages": [
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"model": "no", "command": "ls"}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb \"stream\":false"}]},
    {"role": "system", "content": "reminder"}],
  "tools": [{"name": "Bash", "description": "run", "input_schema": {"type": "object", "properties": {"name": {"type": "string"}}}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
            {"type": "custom", "name": "mcp__github__search"},
            {"type": "bash_20250124", "name": "bash"},
            {"type": "mcp_toolset", "mcp_server_name": "x"}],
  "mcp_servers": [{"type": "url", "url": "https://mcp.example.com", "name": "x"}],
  "metadata": {"user_id": "{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"0b7dbe0c-6a2f-4b0d\"}"},
  "thinking": {"type": "enabled", "budget_tokens": 31999}, "speed": "fast", "inference_geo": "us", "service_tier": "auto",
  "context_management": {"edits": []}, "output_config": {"effort": "high"}, "a_new_field": [1, 2, {"model": 1}]
})";

TEST(MessagesRequest, ReadsWhatClaudeCodeSends) {
  const auto facts = Read(kClaudeCode);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->model, "claude-opus-5-5");
  EXPECT_TRUE(facts->stream);
  EXPECT_EQ(facts->max_tokens, 128000);
  EXPECT_EQ(facts->message_count, 4);
  EXPECT_EQ(facts->session_id, "0b7dbe0c-6a2f-4b0d");
  EXPECT_EQ(facts->thinking, "enabled");
  EXPECT_EQ(facts->thinking_budget, 31999);
  EXPECT_EQ(facts->speed, "fast");
  EXPECT_EQ(facts->inference_geo, "us");
  EXPECT_EQ(facts->service_tier, "auto");
  EXPECT_EQ(facts->mcp_server_count, 1);
  EXPECT_FALSE(facts->repeated_keys);
  const std::vector<RequestTool> tools = {{"Bash", ""},
                                          {"web_search", "web_search_20250305"},
                                          {"mcp__github__search", "custom"},
                                          {"bash", "bash_20250124"},
                                          {"", "mcp_toolset"}};
  EXPECT_EQ(facts->tools, tools);
}

TEST(MessagesRequest, ToolsThatTheProviderRunsAreToldApart) {
  const auto facts = Read(kClaudeCode);
  ASSERT_TRUE(facts);
  std::vector<bool> at_provider;
  for (const RequestTool& tool : facts->tools) at_provider.push_back(tool.RunsAtProvider());
  EXPECT_EQ(at_provider, (std::vector<bool>{false, true, false, false, true}));
}

TEST(MessagesRequest, CountTokensHasNeitherStreamNorMaxTokens) {
  const auto facts = Read(R"({"model":"m","messages":[{"role":"user","content":"<file>"}],"tools":[]})");
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->stream);
  EXPECT_FALSE(facts->max_tokens);
  EXPECT_EQ(facts->message_count, 1);
}

TEST(MessagesRequest, AnEscapedKeyIsTheKeyItMeans) {
  EXPECT_EQ(Read(R"({"mod\u0065l":"m"})")->model, "m");
  EXPECT_EQ(Refusal(R"({"model":"cheap","mod\u0065l":"dear"})"),
            "The request body's \"model\" is given twice.");
}

TEST(MessagesRequest, WhatDecidesMayStandOnlyOnce) {
  for (const char* member : {R"("model":"n")", R"("stream":true)", R"("max_tokens":1)", R"("tools":[])",
                             R"("mcp_servers":[])", R"("speed":"fast")", R"("inference_geo":"us")",
                             R"("service_tier":"auto")", R"("thinking":{})", R"("tool_choice":{})"}) {
    const std::string twice = std::string("{\"model\":\"m\",") + member + ',' + member + '}';
    EXPECT_NE(Refusal(twice).find("is given twice"), std::string::npos) << twice;
  }
  EXPECT_NE(Refusal(R"({"model":"m","stream":null,"stream":true})"), "");
}

TEST(MessagesRequest, ReadersThatIgnoreLetterCaseCannotBeUsedAgainstUs) {
  EXPECT_EQ(Refusal(R"({"model":"cheap","Model":"dear"})"),
            "The request body's \"model\" is spelt with capital letters.");
  EXPECT_NE(Refusal(R"({"model":"cheap","STREAM":true})"), "");
  EXPECT_EQ(Refusal(R"({"model":"m","Messages":1})"), "") << "this one decides nothing";
}

TEST(MessagesRequest, OtherKeysMayBeRepeated) {
  const auto facts = Read(R"({"model":"m","x":1,"x":2,"messages":[1,2],"messages":[3]})");
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->repeated_keys);
  EXPECT_EQ(facts->message_count, 3);
  EXPECT_FALSE(Read(R"({"model":"m","x":1,"x":2})")->repeated_keys);
}

TEST(MessagesRequest, RefusesWhatIsNotAnObjectWithAModel) {
  EXPECT_EQ(Refusal(""), "The request body is not valid JSON.");
  EXPECT_EQ(Refusal("prompt"), "The request body is not valid JSON.");
  EXPECT_EQ(Refusal("[]"), "The request body is not a JSON object.");
  EXPECT_EQ(Refusal("{}"), "The request body names no model.");
  EXPECT_EQ(Refusal(R"({"model":null})"), "The request body's \"model\" is not a string.");
  EXPECT_EQ(Refusal(R"({"model":["m"]})"), "The request body's \"model\" is not a string.");
  EXPECT_EQ(Refusal(R"({"model":""})"), "The request body's \"model\" is not the name of a model.");
  EXPECT_EQ(Refusal(R"({"model":"a b"})"), "The request body's \"model\" is not the name of a model.");
  EXPECT_EQ(Refusal("{\"model\":\"" + std::string(257, 'm') + "\"}"),
            "The request body's \"model\" is not the name of a model.");
  EXPECT_EQ(Refusal(R"({"model":"m","stream":"true"})"),
            "The request body's \"stream\" is neither true nor false.");
  EXPECT_EQ(Refusal(R"({"model":"m","max_tokens":1.5})"),
            "The request body's \"max_tokens\" is not a whole number.");
  EXPECT_EQ(Refusal(R"({"model":"m","max_tokens":-1})"),
            "The request body's \"max_tokens\" is not a whole number.");
  EXPECT_EQ(Refusal(R"({"model":"m","tools":{}})"), "The request body's \"tools\" is not a list.");
  EXPECT_EQ(Refusal(R"({"model":"m","messages":{}})"), "The request body's \"messages\" is not a list.");
  EXPECT_EQ(Refusal("{\"model\":\"m\",\"x\":\"\xFF\"}"), "The request body is not valid UTF-8.");
  EXPECT_EQ(Refusal("{\"model\":\"m\",\"x\":" + std::string(2000, '[') + std::string(2000, ']') + "}"),
            "The request body is nested too deeply.");
  EXPECT_EQ(Refusal(R"({"model":"m"}{"model":"n"})"), "The request body is not valid JSON.");
  EXPECT_EQ(Refusal(R"({"model":"m","messages":[}],"model":"n"})"), "The request body is not valid JSON.");
}

TEST(MessagesRequest, AToolWithTwoNamesIsRefused) {
  EXPECT_NE(Refusal(R"({"model":"m","tools":[{"name":"Read","n\u0061me":"Bash"}]})"), "");
  EXPECT_NE(Refusal(R"({"model":"m","tools":["Bash"]})"), "");
}

TEST(MessagesRequest, ErrorsHoldNothingOfTheBody) {
  for (const char* body :
       {R"({"model":"TOPSECRET x"})", R"(TOPSECRET)", R"({"model":"m","stream":"TOPSECRET"})",
        R"({"model":"m","tools":["TOPSECRET"]})", R"({"model":"m","max_tokens":"TOPSECRET"})"}) {
    EXPECT_EQ(Refusal(body).find("TOPSECRET"), std::string::npos) << body;
  }
}

TEST(MessagesRequest, FindsTheSessionInEveryShapeOfUserId) {
  const auto session = [](std::string_view metadata) {
    return Read("{\"model\":\"m\",\"metadata\":" + std::string(metadata) + "}")->session_id;
  };
  EXPECT_EQ(session(R"({"user_id":"user_abc_account__session_1234-5678"})"), "1234-5678");
  EXPECT_EQ(session(R"({"user_id":"{\"session_id\":\"s1\",\"more\":[1]}"})"), "s1");
  EXPECT_EQ(session(R"({"user_id":{"session_id":"s2"}})"), "s2");
  EXPECT_EQ(session(R"({"user_id":"somebody"})"), "");
  EXPECT_EQ(session(R"({"user_id":"{broken"})"), "");
  EXPECT_EQ(session(R"({"user_id":"{\"session_id\":\"s1\"} x"})"), "");
  EXPECT_EQ(session(R"({"user_id":"{\"session_id\":\"line\\nbreak\"}"})"), "");
  EXPECT_EQ(session(R"({"user_id":12})"), "");
  EXPECT_EQ(session(R"({"user_id":null})"), "");
  EXPECT_EQ(session(R"("x")"), "");
}

// The same contract, read from a tree in the obvious way.
class SlowReading {
 public:
  static std::optional<RequestFacts> Read(std::string_view text) {
    const auto root = ParsePlainJson(text, JsonCursor::kDeepest);
    if (!root || !root->Is(Kind::kObject)) return std::nullopt;
    SlowReading reading;
    if (!reading.ReadRoot(*root)) return std::nullopt;
    return reading.facts_;
  }

 private:
  using Kind = PlainJson::Kind;
  using Members = std::vector<std::pair<std::string, const PlainJson*>>;

  static bool Decoded(const PlainJson& object, Members& members) {
    for (const auto& [raw, value] : object.members) {
      auto key = DecodePlainString(raw);
      if (!key) return false;
      members.emplace_back(*key, &value);
    }
    return true;
  }

  static std::optional<std::string> Text(const PlainJson& value, size_t most) {
    if (!value.Is(Kind::kString)) return std::nullopt;
    auto text = DecodePlainString(value.text);
    if (!text || text->size() > most) return std::nullopt;
    return text;
  }

  bool ReadRoot(const PlainJson& root) {
    static const std::vector<std::string> kDeciding = {
        "model", "stream",        "max_tokens",   "tools",    "mcp_servers",
        "speed", "inference_geo", "service_tier", "thinking", "tool_choice"};
    Members members;
    if (!Decoded(root, members)) return false;
    std::map<std::string, int> times;
    for (const auto& [key, value] : members) {
      std::string lower = key;
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      const bool decides = std::find(kDeciding.begin(), kDeciding.end(), lower) != kDeciding.end();
      if (decides && lower != key) return false;
      const bool repeated = ++times[key] > 1;
      if (repeated && decides) return false;
      if (repeated && (key == "messages" || key == "system" || key == "metadata"))
        facts_.repeated_keys = true;
      if (!(value->Is(Kind::kNull) && key != "model") && !ReadMember(key, *value)) return false;
    }
    return times["model"] == 1;
  }

  bool ReadMember(const std::string& key, const PlainJson& value) {
    if (key == "model") {
      const auto name = Text(value, 256);
      if (!name || !IsPlain(*name, 256)) return false;
      facts_.model = *name;
    } else if (key == "stream") {
      facts_.stream = value.Is(Kind::kTrue);
      return value.Is(Kind::kTrue) || value.Is(Kind::kFalse);
    } else if (key == "max_tokens") {
      return Whole(value, facts_.max_tokens);
    } else if (key == "messages" || key == "mcp_servers") {
      (key == "messages" ? facts_.message_count : facts_.mcp_server_count) +=
          static_cast<int64_t>(value.elements.size());
      return value.Is(Kind::kArray);
    } else if (key == "speed") {
      return Word(value, facts_.speed);
    } else if (key == "inference_geo") {
      return Word(value, facts_.inference_geo);
    } else if (key == "service_tier") {
      return Word(value, facts_.service_tier);
    } else if (key == "tools") {
      return Tools(value);
    } else if (key == "thinking") {
      return Thinking(value);
    } else if (key == "tool_choice") {
      return ToolChoice(value);
    } else if (key == "metadata") {
      return Metadata(value);
    }
    return true;
  }

  static bool Whole(const PlainJson& value, std::optional<int64_t>& count) {
    if (!value.Is(Kind::kNumber)) return false;
    for (const char c : value.text) {
      if (c < '0' || c > '9') return false;
    }
    count = value.text.size() > 18 ? std::numeric_limits<int64_t>::max() : std::stoll(value.text);
    return true;
  }

  static bool Word(const PlainJson& value, std::string& word) {
    const auto text = Text(value, 64);
    if (text) word = MadePlain(*text, 64);
    return text.has_value();
  }

  bool Tools(const PlainJson& value) {
    if (!value.Is(Kind::kArray)) return false;
    for (const PlainJson& element : value.elements) {
      Members members;
      if (!element.Is(Kind::kObject) || !Decoded(element, members)) return false;
      RequestTool tool;
      int names = 0;
      int types = 0;
      for (const auto& [key, member] : members) {
        if (key != "name" && key != "type") continue;
        if (++(key == "name" ? names : types) > 1) return false;
        if (member->Is(Kind::kNull)) continue;
        const size_t most = key == "name" ? 128 : 64;
        const auto text = Text(*member, most);
        if (!text) return false;
        (key == "name" ? tool.name : tool.type) = MadePlain(*text, most);
      }
      facts_.tools.push_back(tool);
    }
    return true;
  }

  bool Thinking(const PlainJson& value) {
    Members members;
    if (!value.Is(Kind::kObject) || !Decoded(value, members)) return false;
    for (const auto& [key, member] : members) {
      if (key == "type" && !Word(*member, facts_.thinking)) return false;
      if (key == "budget_tokens" && member->Is(Kind::kNumber) && !Whole(*member, facts_.thinking_budget))
        return false;
    }
    return true;
  }

  bool ToolChoice(const PlainJson& value) {
    Members members;
    if (!value.Is(Kind::kObject) || !Decoded(value, members)) return false;
    int names = 0;
    int types = 0;
    for (const auto& [key, member] : members) {
      if (key != "name" && key != "type") continue;
      if (++(key == "name" ? names : types) > 1) return false;
      const size_t most = key == "name" ? 128 : 64;
      const auto text = Text(*member, most);
      if (!text) return false;
      (key == "name" ? facts_.forced_tool : facts_.tool_choice) = MadePlain(*text, most);
    }
    return true;
  }

  bool Metadata(const PlainJson& value) {
    Members members;
    if (!value.Is(Kind::kObject)) return true;
    if (!Decoded(value, members)) return false;
    for (const auto& [key, member] : members) {
      if (key == "user_id" && member->Is(Kind::kString)) {
        const std::string id = DecodePlainString(member->text).value_or("");
        const size_t at = id.rfind("_session_");
        facts_.session_id =
            at == std::string::npos || !IsClientId(id.substr(at + 9)) ? "" : id.substr(at + 9);
      }
    }
    return true;
  }

  RequestFacts facts_;
};

// Odd but mostly valid bodies, and then bytes changed in them.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::string Body() {
    std::string body = Space() + "{";
    if (Below(3) > 0) body += R"("model":"m",)";
    for (unsigned members = 1 + Below(7), i = 0; i < members; ++i) body += (i ? "," : "") + Member();
    body += "}" + Space();
    if (Below(4) == 0) Damage(body);
    return body;
  }

 private:
  unsigned Below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  template <size_t N>
  std::string OneOf(const char* const (&choices)[N]) {
    return choices[Below(N)];
  }

  std::string Space() { return OneOf({"", "", "", " ", "\n", "\t \r\n"}); }

  std::string Member() {
    static constexpr const char* kKeys[] = {
        "model",    "stream", "max_tokens",   "tools",         "messages",   "metadata",
        "thinking", "speed",  "service_tier", "inference_geo", "system",     "mcp_servers",
        "x",        "",       "Model",        "user_id",       "tool_choice"};
    const std::string key = OneOf(kKeys);
    return Space() + Quoted(key) + Space() + ":" + Space() + ValueOf(key) + Space();
  }

  std::string ValueOf(const std::string& key) {
    if (Below(8) == 0) return Value(0);
    if (key == "model")
      return Quoted(OneOf({"claude-opus-5-5", "m", "a b", "", "é", "claude-haiku-5-5[1m]"}));
    if (key == "stream") return OneOf({"true", "false", "null"});
    if (key == "max_tokens") return OneOf({"1", "128000", "0", "999999999999999999999", "1.0", "1e3", "-5"});
    if (key == "messages" || key == "mcp_servers") return List([this] { return Value(1); });
    if (key == "tools") return List([this] { return Tool(); });
    if (key == "thinking") return R"({"type":)" + Quoted("enabled") + R"(,"budget_tokens":)" + Number() + "}";
    if (key == "tool_choice") return Tool();
    if (key == "metadata")
      return R"({"user_id":)" + Quoted(OneOf({"user_1_session_ab-cd", "u", "a_session_b_session_c d"})) + "}";
    return Value(0);
  }

  std::string Tool() {
    std::string tool = "{";
    for (unsigned members = Below(4), i = 0; i < members; ++i) {
      tool += (i ? "," : "") + Quoted(OneOf({"name", "type", "description", "input_schema"})) + ":" +
              (Below(5) == 0 ? Value(2) : Quoted(OneOf({"Bash", "web_search_20250305", "nul\tname"})));
    }
    return tool + "}";
  }

  template <class F>
  std::string List(F element) {
    std::string list = "[" + Space();
    for (unsigned length = Below(4), i = 0; i < length; ++i) list += (i ? "," : "") + Space() + element();
    return list + Space() + "]";
  }

  std::string Number() {
    return OneOf({"0", "-0", "12", "1e400", "0.1", "-1.5E-3", "123456789012345678901234567890"});
  }

  std::string Value(unsigned depth) {
    switch (Below(depth > 4 ? 6 : 9)) {
      case 0: return Number();
      case 1: return OneOf({"true", "false", "null"});
      case 2: return Quoted(OneOf({"\"model\":\"x\"", "{[", "}]", "\\", "\xF0\x9F\x98\x80", "a\nb", ""}));
      case 3:
        return OneOf({R"("\ud83d")", R"("\udc00\ud83d")", R"("\q")", R"("\\\"")", R"("\u00")", "\"\xC3\"",
                      "\"\x01\""});
      case 4: return "{}";
      case 5: return "[]";
      case 6: return List([this, depth] { return Value(depth + 1); });
      case 7: return "{" + Quoted(OneOf({"model", "name", "a", "stream"})) + ":" + Value(depth + 1) + "}";
      default: {
        const unsigned deep = Below(60) == 0 ? 1020 + Below(8) : Below(20);
        return std::string(deep, '[') + std::string(deep, ']');
      }
    }
  }

  // Any of the ways to write the same string.
  std::string Quoted(const std::string& text) {
    static constexpr char kHex[] = "0123456789abcdefABCDEF";
    std::string quoted = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || (byte < 0x80 && Below(12) == 0)) {
        quoted += "\\u00";
        quoted += {kHex[byte >> 4], kHex[byte & 15]};
      } else {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
      }
    }
    return quoted + "\"";
  }

  void Damage(std::string& body) {
    const size_t at = Below(static_cast<unsigned>(body.size()));
    switch (Below(4)) {
      case 0: body.erase(at, 1 + Below(3)); break;
      case 1:
        body.insert(at, OneOf({"\"", "{", "}", "[", "]", ",", ":", "\\", "1", "\x7F", "\xE9", " "}));
        break;
      case 2: body[at] = static_cast<char>(random_()); break;
      default: body.resize(at); break;
    }
  }

  std::mt19937 random_;
};

std::string_view At(std::string_view body, const BodyRange& range) {
  return body.substr(range.begin, range.size());
}

// What stands where the facts say that it stands is that, and nothing more or less.
void ExpectPlaces(std::string_view body, const RequestFacts& facts) {
  ASSERT_EQ(facts.places.tools.size(), facts.tools.size());
  for (const ToolPlace& tool : facts.places.tools) {
    const auto whole = ParsePlainJson(At(body, tool.whole), JsonCursor::kDeepest);
    ASSERT_TRUE(whole && whole->Is(PlainJson::Kind::kObject)) << body;
    EXPECT_EQ(At(body, tool.whole).front(), '{');
    EXPECT_EQ(At(body, tool.whole).back(), '}');
  }
  const std::string_view number = At(body, facts.places.max_tokens);
  EXPECT_EQ(!number.empty(), facts.max_tokens.has_value()) << body;
  EXPECT_EQ(number.find_first_not_of("0123456789"), std::string_view::npos) << body;
  if (facts.places.tool_choice.empty()) return;
  std::string without(body);
  without.erase(facts.places.tool_choice.begin, facts.places.tool_choice.size());
  const auto rest = ParsePlainJson(without, JsonCursor::kDeepest);
  ASSERT_TRUE(rest) << body;
  for (const auto& [key, value] : rest->members) EXPECT_NE(DecodePlainString(key), "tool_choice") << body;
}

TEST(MessagesRequest, ReadsWhatToolIsForced) {
  const auto facts = Read(R"({"model":"m","tool_choice":{"type":"tool","name":"Bash"},"tools":[]})");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->tool_choice, "tool");
  EXPECT_EQ(facts->forced_tool, "Bash");
  EXPECT_FALSE(Read(R"({"model":"m","tool_choice":{"type":"auto"},"tool_choice":{"type":"any"}})"));
  EXPECT_FALSE(Read(R"({"model":"m","Tool_Choice":{"type":"auto"}})"));
  EXPECT_FALSE(Read(R"({"model":"m","tool_choice":{"type":"tool","name":"A","n\u0061me":"B"}})"));
  EXPECT_FALSE(Read(R"({"model":"m","tool_choice":"any"})"));
}

TEST(MessagesRequest, AgreesWithTheSlowReadingOnOddBodies) {
  Generator generator(20261123);
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string body = generator.Body();
    const auto expected = SlowReading::Read(body);
    const auto facts = Read(body);
    accepted += expected.has_value();
    ASSERT_EQ(facts.has_value(), expected.has_value()) << body;
    if (expected) {
      RequestFacts without_places = *facts;
      without_places.places = {};
      ASSERT_EQ(without_places, *expected) << body;
      ExpectPlaces(body, *facts);
    }
  }
  EXPECT_GT(accepted, 4000) << "the generator must make good bodies too";
}

}  // namespace
}  // namespace postern::dialect
