#include "shared/secrets/body_scan.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/json/value.h"
#include "shared/secrets/literal_forms.h"
#include "shared/secrets/redaction.h"
#include "shared/secrets/rule_file.h"
#include "shared/secrets/session_memory.h"

namespace postern::secrets {
namespace {

constexpr std::string_view kRules = R"(
[[rules]]
id = "token"
regex = '''tok_[a-z0-9]{16}'''
keywords = ["tok_"]
[[rules]]
id = "assigned"
regex = '''(?i)api_key\s*=\s*"?([a-z0-9]{12,40})'''
keywords = ["api_key"]
[[rules]]
id = "far"
regex = '''[a-f0-9]{40}'''
keywords = ["farsource"]
[[rules]]
id = "odd"
regex = '''<<(.{12,60}?)>>'''
[[rules]]
id = "word"
regex = '''\bwrd-[a-z0-9]{16}\b'''
keywords = ["wrd-"]
[[rules]]
id = "pair"
regex = '''"api_key":"([a-z0-9]{12,40})["]'''
keywords = ["api_key"]
[[rules]]
id = "block"
regex = '''BEGIN [a-z\s]{20,400} END'''
)";

const Scanner& TestScanner() {
  static const Scanner scanner = [] {
    auto made = Scanner::Make(*ReadRules(kRules, "test.toml", {}), {});
    return *std::move(made);
  }();
  return scanner;
}

const MemoryKey& Key() {
  static const MemoryKey key("thirty-two bytes that are secret");
  return key;
}

bool Always(const BodyFinding&) { return true; }

// A session as the gate has it.
class Session {
 public:
  BodyScan Scan(const std::string& body) {
    auto scan = ScanBody({.scanner = TestScanner(),
                          .workspace = workspace_,
                          .body = body,
                          .known = memory_.KnownOf(""),
                          .remembers = remembers_});
    EXPECT_TRUE(scan) << scan.error().message;
    memory_.Keep("", *scan);
    return *std::move(scan);
  }
  std::string Redacted(const std::string& body) {
    const BodyScan scan = Scan(body);
    std::vector<size_t> all(scan.cuts.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    return RedactBody(body, scan, all, "host key");
  }
  SessionMemory& memory() { return memory_; }
  void RememberNothing() { remembers_ = nullptr; }
  void RememberAll() { remembers_ = Always; }

 private:
  Workspace workspace_{TestScanner()};
  SessionMemory memory_{Key()};
  std::function<bool(const BodyFinding&)> remembers_ = Always;
};

std::string Prose(size_t bytes, uint32_t seed) {
  static constexpr std::string_view kWords[] = {"the ",         "socket\n", "waits ", "for\t",
                                                "\"another\" ", "peer, ",   "\\ and "};
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) text += kWords[random() % std::size(kWords)];
  return text;
}

std::string Message(const std::string& text, const std::string& mark = "") {
  return R"({"role":"user","content":[{"type":"text","text":)" + JsonString(text) + mark + "}]}";
}

std::string Body(const std::vector<std::string>& messages, const std::string& tools = "") {
  std::string body = R"({"model":"m","messages":[)";
  for (size_t i = 0; i < messages.size(); ++i) body += (i > 0 ? "," : "") + messages[i];
  return body + "],\"tools\":[" + tools + "]}";
}

std::vector<std::string> Secrets(const BodyScan& scan) {
  std::vector<std::string> secrets;
  for (const BodyFinding& one : scan.findings) secrets.push_back(one.secret);
  return secrets;
}

constexpr char kToken[] = "tok_a1b2c3d4e5f6g7h8";
constexpr char kAssigned[] = "k9j8h7g6f5d4s3a2";

TEST(BodyScan, FindsWhatAScanOfTheViewFindsAndWhereItStands) {
  const std::string body = Body(
      {Message("x " + std::string(kToken) + "\n"), Message("api_key = \"" + std::string(kAssigned) + "\"")});
  Session session;
  const BodyScan scan = session.Scan(body);
  EXPECT_EQ(Secrets(scan), (std::vector<std::string>{kToken, kAssigned}));
  for (const BodyFinding& one : scan.findings) {
    EXPECT_EQ(In(body, one.raw), one.secret);
    ASSERT_TRUE(one.cut);
    EXPECT_EQ(In(body, scan.cuts[*one.cut].raw), one.secret);
  }
}

TEST(BodyScan, LooksAtLittleOfABodyThatItKnows) {
  Session session;
  std::vector<std::string> messages;
  for (uint32_t i = 0; i < 100; ++i) messages.push_back(Message(Prose(5'000, i)));
  const size_t whole = session.Scan(Body(messages)).scanned;
  messages.push_back(Message(Prose(2'000, 200)));
  const BodyScan next = session.Scan(Body(messages));
  EXPECT_GT(whole, 500'000u);
  EXPECT_LT(next.scanned, 6'000u);
  EXPECT_EQ(session.Scan(Body(messages)).scanned, 0u);
}

TEST(BodyScan, KnowsTheConversationStillAfterASideQuestion) {
  Session session;
  std::vector<std::string> messages;
  for (uint32_t i = 0; i < 20; ++i) messages.push_back(Message(Prose(5'000, i)));
  session.Scan(Body(messages));
  for (uint32_t i = 0; i < 100; ++i)
    session.Scan(Body({Message(Prose(i % 2 == 0 ? 500 : 5'000, 300 + i % 4))}));
  EXPECT_EQ(session.Scan(Body(messages)).scanned, 0u);
  EXPECT_EQ(session.memory().LargestOf(""), Body(messages).size());
  EXPECT_EQ(session.memory().LargestOf("subagent"), 0u);
}

TEST(BodyScan, LooksAtLittleWhereTheBeginningChangesAndTheStringsAreTheSame) {
  Session session;
  std::vector<std::string> messages;
  for (uint32_t i = 0; i < 100; ++i) messages.push_back(Message(Prose(5'000, i)));
  session.Scan(Body(messages));
  messages.front() = Message(Prose(4'000, 500));
  EXPECT_LT(session.Scan(Body(messages)).scanned, 60'000u);
  messages[50] = Message(Prose(5'000, 50), R"(,"cache_control":{"type":"ephemeral"})");
  EXPECT_LT(session.Scan(Body(messages)).scanned, 60'000u);
}

TEST(BodyScan, KnowsTheSecretsOfWhatItDoesNotLookAt) {
  Session session;
  std::vector<std::string> messages = {Message("x " + std::string(kToken)),
                                       Message("api_key = " + std::string(kAssigned))};
  for (uint32_t i = 0; i < 20; ++i) messages.push_back(Message(Prose(5'000, i)));
  const std::string first = session.Redacted(Body(messages));
  session.Redacted(Body(messages));  // the literals are known now
  messages.push_back(Message("nothing"));
  const BodyScan scan = session.Scan(Body(messages));
  EXPECT_LT(scan.scanned, 30'000u);
  ASSERT_EQ(Secrets(scan), (std::vector<std::string>{kToken, kAssigned}));
  EXPECT_TRUE(scan.findings[0].known);
  // The same bytes leave at each turn.
  const std::string second = session.Redacted(Body(messages));
  EXPECT_EQ(second.substr(0, first.size() - 13), first.substr(0, first.size() - 13));
  EXPECT_EQ(second.find(kToken), std::string::npos);
}

TEST(BodyScan, FindsASecretAgainWithoutWhatMadeItOne) {
  Session session;
  session.Scan(Body({Message("api_key = " + std::string(kAssigned))}));
  const BodyScan scan = session.Scan(Body({Message("is " + std::string(kAssigned) + " valid?")}));
  ASSERT_EQ(Secrets(scan), std::vector<std::string>{kAssigned});
  EXPECT_TRUE(scan.findings[0].remembered);
  EXPECT_EQ(scan.findings[0].rule, 1u);
}

// Twelve to fifty characters, some of which JSON escapes.
std::string OddSecret(std::mt19937& random) {
  static constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM0123456789/\\\"'+=";
  std::string secret = "q7Zk";
  for (size_t left = 8 + random() % 39; left > 0; --left)
    secret += kCharacters[random() % kCharacters.size()];
  return secret;
}

std::string InJson(const std::string& text) { return "{\"k\":" + JsonString(text) + "}"; }

// JSON within JSON within JSON, so many times. Prose around a layer keeps it from being opened, so that all
// in it stands there escaped.
std::string Nested(std::string text, int depth, std::mt19937& random) {
  const bool may_have_prose = depth <= kMostEscaped;
  for (; depth > 0; --depth) {
    text = InJson(text);
    if (may_have_prose && random() % 3 == 0) text = "is " + text + " here";
  }
  return text;
}

TEST(BodyScan, FindsASecretAgainAtEveryDepthOfJsonWithinJson) {
  std::mt19937 random(9);
  for (int round = 0; round < 700; ++round) {
    const std::string secret = OddSecret(random);
    if (!IsWorthRemembering(secret)) continue;
    Session session;
    ASSERT_EQ(Secrets(session.Scan(Body({Message("<<" + secret + ">>")}))), std::vector<std::string>{secret});
    const std::string body = Body({Message(Nested("is " + secret + " it", round % 7, random))});
    const BodyScan scan = session.Scan(body);
    ASSERT_EQ(Secrets(scan), std::vector<std::string>{secret}) << body;
    EXPECT_TRUE(scan.findings[0].remembered);
    ASSERT_TRUE(scan.findings[0].cut) << body;
    const std::string redacted = session.Redacted(body);
    EXPECT_TRUE(json::Parse(redacted)) << redacted;
    EXPECT_EQ(redacted.find("q7Zk"), std::string::npos);
  }
}

TEST(BodyScan, FindsASecretAgainInWhatIsEncodedAtEveryDepthThatIsOpened) {
  Session session;
  session.Scan(Body({Message("api_key = " + std::string(kAssigned))}));
  for (const std::string encoded : {"dXNlcjprOWo4aDdnNmY1ZDRzM2Ey", "6b396a38683767366635643473336132",
                                    "k9j8%687g6f5d4s3a%32", R"(k9j8h7g6f5d4\u0073\u0033a2)"}) {
    for (int depth = 0; depth <= 3; ++depth) {
      std::string text = "is " + encoded + " it";
      for (int i = 0; i < depth; ++i) text = InJson(text);
      const std::string body = Body({Message(text)});
      const BodyScan scan = session.Scan(body);
      ASSERT_EQ(Secrets(scan), std::vector<std::string>{kAssigned}) << body;
      EXPECT_TRUE(scan.findings[0].remembered);
      EXPECT_NE(scan.findings[0].encodings, 0);
      const std::string redacted = session.Redacted(body);
      EXPECT_TRUE(json::Parse(redacted)) << redacted;
      EXPECT_EQ(redacted.find(encoded), std::string::npos);
    }
  }
}

// A file that is read with line numbers is no JSON to be opened; what comes back from it is.
TEST(BodyScan, FindsASecretAgainThatWasEscapedWhereItWasFoundFirst) {
  Session session;
  session.Scan(Body({Message(R"(1: "x":"<<q7Zk\/abcd\"efgh12>>")")}));
  EXPECT_EQ(session.Scan(Body({Message("it is q7Zk/abcd\"efgh12")})).findings.size(), 1u);
}

TEST(BodyScan, TakesASecretOutOfTheWholeBodyThatItIsFirstFoundIn) {
  Session session;
  std::vector<std::string> messages = {Message("use " + std::string(kAssigned))};
  for (uint32_t i = 0; i < 20; ++i) messages.push_back(Message(Prose(5'000, i)));
  EXPECT_TRUE(Secrets(session.Scan(Body(messages))).empty());
  messages.push_back(Message("api_key = " + std::string(kAssigned)));
  EXPECT_EQ(Secrets(session.Scan(Body(messages))), (std::vector<std::string>{kAssigned, kAssigned}));
}

TEST(BodyScan, RemembersNothingThatItIsNotToRemember) {
  Session session;
  session.RememberNothing();
  session.Scan(Body({Message("api_key = " + std::string(kAssigned))}));
  EXPECT_TRUE(Secrets(session.Scan(Body({Message("is " + std::string(kAssigned))}))).empty());
}

TEST(BodyScan, FindsAMatchThatBeginsInWhatItKnows) {
  for (const size_t behind : {0, 7, 300, 1'000, 3'000}) {
    Session session;
    session.RememberNothing();
    const std::string prose = Prose(20'000, 1) + "BEGIN a few words of it";
    session.Scan(Body({Message(prose)}));
    const BodyScan scan = session.Scan(Body({Message(prose + " and more END" + Prose(behind, 2))}));
    EXPECT_EQ(scan.findings.size(), 1u);
  }
}

TEST(BodyScan, FindsAMatchThatWhatIsKnownMakesByStandingSideBySide) {
  Session session;
  session.RememberNothing();
  const std::string ends = Prose(3'000, 1) + "BEGIN words of it and",
                    begins = "more of them as well END" + Prose(3'000, 2);
  const auto list = [](const std::string& a, const std::string& b) {
    return R"({"model":"m","messages":[)" + Message(Prose(3'000, 7)) + ",[" + JsonString(a) + "," +
           JsonString(b) + "]]}";
  };
  EXPECT_TRUE(session.Scan(list(begins, ends)).findings.empty());
  EXPECT_TRUE(session.Scan(list(ends, "x")).findings.empty());
  // The expression takes letters and spaces only, so the two make no match; looked at they are all the same.
  EXPECT_GT(session.Scan(list(ends, begins)).scanned, 1'000u);
}

TEST(BodyScan, CountsAKeywordThatStandsInWhatItKnows) {
  const std::string hash = "a1b2c3d4e5f60718293a4b5c6d7e8f9001234567";
  for (const bool with : {false, true}) {
    Session session;
    session.RememberNothing();
    std::vector<std::string> messages = {Message(with ? "farsource" : "nothing"), Message(Prose(60'000, 1))};
    session.Scan(Body(messages));
    messages.push_back(Message(hash));
    EXPECT_EQ(session.Scan(Body(messages)).findings.size(), with ? 1u : 0u);
  }
}

TEST(BodyScan, CountsAKeywordThatStandsInANewPartBehindTheMatch) {
  const std::string hash = "a1b2c3d4e5f60718293a4b5c6d7e8f9001234567";
  for (const bool with : {false, true}) {
    Session session;
    session.RememberNothing();
    std::vector<std::string> messages = {Message(Prose(60'000, 1)), Message(Prose(60'000, 2))};
    session.Scan(Body(messages));
    messages = {Message(hash), messages[0], messages[1], Message(with ? "farsource" : "nothing")};
    EXPECT_EQ(session.Scan(Body(messages)).findings.size(), with ? 1u : 0u);
  }
}

TEST(BodyScan, DoesNotTakeForKnownWhatALaterTypeTurnsIntoText) {
  Session session;
  session.RememberNothing();
  const std::string padding = Message(Prose(40'000, 3));
  const auto body = [&](const std::string& type) {
    return R"({"model":"m","messages":[{"role":"user","content":[{"signature":")" + std::string(kToken) +
           R"(","a":[)" + padding + R"(],"type":")" + type + R"(","x":"y"}]}]})";
  };
  EXPECT_TRUE(session.Scan(body("thinking")).findings.empty());
  EXPECT_EQ(session.Scan(body("text")).findings.size(), 1u);
}

TEST(BodyScan, ForgetsWhatIsCleanWhereTheRulesChange) {
  Session session;
  const std::string body = Body({Message(Prose(50'000, 1))});
  session.Scan(body);
  EXPECT_EQ(session.Scan(body).scanned, 0u);
  session.memory().ForgetBodies();
  EXPECT_GT(session.Scan(body).scanned, 50'000u);
}

TEST(BodyScan, KnowsNothingByOtherRules) {
  const auto other = *Scanner::Make(*ReadRules(kRules, "test.toml", {}), {});
  const std::string body = Body({Message(Prose(50'000, 1)), Message(kToken)});
  SessionMemory memory(Key());
  const auto scan_by = [&](const Scanner& scanner) {
    Workspace workspace(scanner);
    auto scan =
        *ScanBody({.scanner = scanner, .workspace = workspace, .body = body, .known = memory.KnownOf("")});
    memory.Keep("", scan);
    return scan.scanned;
  };
  EXPECT_GT(scan_by(TestScanner()), 50'000u);
  EXPECT_LT(scan_by(TestScanner()), 10'000u);
  // A scan by the former rules may end when those that came after them are in use.
  EXPECT_GT(scan_by(other), 50'000u);
  EXPECT_GT(scan_by(TestScanner()), 50'000u);
}

TEST(BodyScan, RemembersWhatIsKnownOnceItIsToBeRemembered) {
  Session session;
  std::vector<std::string> messages = {Message("api_key = " + std::string(kAssigned))};
  for (uint32_t i = 0; i < 10; ++i) messages.push_back(Message(Prose(5'000, i)));
  session.RememberNothing();
  session.Scan(Body(messages));
  EXPECT_LT(session.Scan(Body(messages)).scanned, 10'000u);
  session.RememberAll();
  messages.push_back(Message("is " + std::string(kAssigned)));
  EXPECT_EQ(Secrets(session.Scan(Body(messages))), (std::vector<std::string>{kAssigned, kAssigned}));
}

TEST(BodyScan, TellsALiteralWithinWhatAnotherRuleFinds) {
  Session session;
  session.Scan(Body({Message("api_key = " + std::string(kAssigned))}));
  const BodyScan scan = session.Scan(Body({Message("<<x " + std::string(kAssigned) + " y>>")}));
  ASSERT_EQ(scan.findings.size(), 2u);
  EXPECT_FALSE(scan.findings[0].covered);
  EXPECT_TRUE(scan.findings[1].covered && scan.findings[1].remembered);
  EXPECT_EQ(scan.findings[0].cut, scan.findings[1].cut);
}

TEST(BodyScan, FindsBehindEscapesThatAreLeftInTheView) {
  constexpr char kWord[] = "wrd-a1b2c3d4e5f6g7h8";
  std::string text = "x\n" + std::string(kWord) + "\ny";
  for (int depth = 0; depth < 9; ++depth) {
    for (const std::string& read : {text, "  12\t" + text, text + ", " + text}) {
      Session session;
      const std::string redacted = session.Redacted(Body({Message(read)}));
      EXPECT_EQ(redacted.find("a1b2c3d4"), std::string::npos) << redacted;
      std::string expected = Body({Message(read)});
      const std::string placeholder = PlaceholderFor("host key", kWord);
      for (size_t at = 0; (at = expected.find(kWord, at)) != std::string::npos;)
        expected.replace(at, std::size(kWord) - 1, placeholder);
      EXPECT_EQ(redacted, expected);
    }
    text = R"({"k":)" + JsonString(text) + "}";
  }
}

TEST(BodyScan, FindsAPairWhoseQuotesAreEscapedStill) {
  const std::string pair = R"({"api_key":")" + std::string(kAssigned) + R"("})";
  std::string text = "log: " + JsonString(pair) + " at 12:00";
  for (int depth = 0; depth < 4; ++depth) {
    Session session;
    EXPECT_EQ(Secrets(session.Scan(Body({Message(text)}))), std::vector<std::string>{kAssigned}) << text;
    text = "log: " + JsonString(text);
  }
}

// What is found in a body that grows and changes is what is found in it by one that knows nothing.
TEST(BodyScan, FindsTheSameHoweverMuchItKnows) {
  std::mt19937 random(4);
  for (int conversation = 0; conversation < 20; ++conversation) {
    Session knows;
    knows.RememberNothing();
    std::vector<std::string> messages;
    for (int turn = 0; turn < 12; ++turn) {
      std::string text = Prose(random() % 9'000, random());
      if (random() % 3 == 0) {
        std::string token = kToken;
        for (size_t i = 4; i < token.size(); ++i) token[i] = static_cast<char>('a' + random() % 26);
        text.insert(random() % (text.size() + 1), " " + token + " ");
      }
      if (random() % 4 == 0) text = "{\"inner\":" + JsonString(text) + "}";
      const std::string mark = random() % 4 == 0 ? R"(,"cache_control":{"type":"ephemeral"})" : "";
      switch (messages.empty() ? 0 : random() % 6) {
        case 0:
          messages[messages.empty() ? (messages.emplace_back(), 0) : random() % messages.size()] =
              Message(text, mark);
          break;
        case 1: std::swap(messages.front(), messages[random() % messages.size()]); break;
        case 2: messages.erase(messages.begin() + static_cast<long>(random() % messages.size())); break;
        default: messages.push_back(Message(text, mark));
      }
      const std::string body = Body(messages, Message(Prose(3'000, 77)));
      Session nothing;
      nothing.RememberNothing();
      const BodyScan one = knows.Scan(body), other = nothing.Scan(body);
      ASSERT_EQ(Secrets(one), Secrets(other)) << conversation << "/" << turn;
      for (size_t i = 0; i < one.findings.size(); ++i) {
        EXPECT_EQ(one.findings[i].raw, other.findings[i].raw);
        EXPECT_EQ(one.cuts[*one.findings[i].cut].raw, other.cuts[*other.findings[i].cut].raw);
        EXPECT_EQ(one.cuts[*one.findings[i].cut].original, other.cuts[*other.findings[i].cut].original);
      }
      EXPECT_TRUE(json::Parse(knows.Redacted(body)));
    }
  }
}

// Rules whose matches may be long, with keywords and without.
constexpr std::string_view kLongRules = R"(
[[rules]]
id = "armour"
regex = '''-----BEGIN KEY-----[\s!-~]{64,}?-----END KEY-----'''
keywords = ["-----begin"]
[[rules]]
id = "wide"
regex = '''\{\{[a-z\s]{20,900}\}\}'''
[[rules]]
id = "listed"
regex = '''id=([a-z0-9]{10,30})'''
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''harmless''']
[[rules]]
id = "token"
regex = '''tok_[a-z0-9]{16}'''
keywords = ["tok_"]
)";

class LongRules : public testing::Test {
 protected:
  // Behind others, from which on a view can be made without what stands before.
  static std::string Conversation(const std::string& last) {
    return Body({Message(Prose(3'000, 91)), Message(Prose(3'000, 92)), Message(last)});
  }

  static std::vector<std::string> Found(const std::string& body, SessionMemory* memory) {
    static const Scanner scanner = [] {
      auto made = Scanner::Make(*ReadRules(kLongRules, "test.toml", {}), {});
      return *std::move(made);
    }();
    static Workspace workspace(scanner);
    const auto scan = ScanBody({.scanner = scanner,
                                .workspace = workspace,
                                .body = body,
                                .known = memory == nullptr ? Known{} : memory->KnownOf("")});
    EXPECT_TRUE(scan);
    std::vector<std::string> found;
    for (const BodyFinding& one : scan->findings)
      found.push_back(std::to_string(one.raw.begin) + " " + std::to_string(one.rule) + " " + one.secret);
    if (memory != nullptr) memory->Keep("", *scan);
    return found;
  }
};

// A text that grows over its last message, as if it were written bit by bit: each match lies over some border
// between what is known and what is new.
TEST_F(LongRules, AreFoundOverEveryBorderBetweenWhatIsKnownAndWhatIsNew) {
  std::mt19937 random(12);
  for (int conversation = 0; conversation < 60; ++conversation) {
    std::string text = Prose(random() % 12'000, random());
    for (int piece = 0; piece < 6; ++piece) {
      switch (random() % 5) {
        case 0:
          text += "-----BEGIN KEY-----" + Prose(100 + random() % 6'000, random()) + "-----END KEY-----";
          break;
        case 1: text += "{{" + std::string(20 + random() % 880, 'w') + "}}"; break;
        case 2:
          text += "\n" + std::string(random() % 2 == 0 ? "harmless" : "x") + Prose(random() % 200, 3) +
                  " id=abcdefghij0123456789 ";
          break;
        case 3: text += " tok_a1b2c3d4e5f6g7h8 "; break;
        default: text += Prose(random() % 3'000, random());
      }
    }
    SessionMemory memory(Key());
    for (size_t at = text.size() / 3; at < text.size(); at += 1 + random() % 2'500) {
      const std::string body = Conversation(text.substr(0, at));
      ASSERT_EQ(Found(body, &memory), Found(body, nullptr)) << conversation << " at " << at;
    }
  }
}

TEST_F(LongRules, AreFoundWhereTheirBeginningIsKnown) {
  SessionMemory memory(Key());
  EXPECT_TRUE(Found(Conversation("-----BEGIN KEY-----" + Prose(5'000, 1)), &memory).empty());
  EXPECT_EQ(
      Found(Conversation("-----BEGIN KEY-----" + Prose(5'000, 1) + "-----END KEY-----"), &memory).size(), 1u);
}

TEST(SessionMemory, KeepsWhatAPlaceholderStandsFor) {
  SessionMemory memory(Key());
  EXPECT_FALSE(memory.OriginalOf("REDACTED_a"));
  ASSERT_TRUE(memory.KeepOriginal("REDACTED_a", "one"));
  ASSERT_TRUE(memory.KeepOriginal("REDACTED_b", "two"));
  EXPECT_EQ(memory.OriginalOf("REDACTED_a"), "one");
  for (size_t i = 0; i < SessionMemory::kMostOriginals; ++i)
    ASSERT_TRUE(memory.KeepOriginal("REDACTED_" + std::to_string(i), "x"));
  EXPECT_FALSE(memory.OriginalOf("REDACTED_a"));
}

}  // namespace
}  // namespace postern::secrets
