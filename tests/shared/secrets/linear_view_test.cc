#include "shared/secrets/linear_view.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/json/value.h"
#include "shared/secrets/redaction.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

std::string ViewOf(const std::string& json) {
  const auto view = LinearView(json);
  return view ? std::string(view->text()) : "(none)";
}

TEST(LinearView, WritesStringsUnescapedInTheirPlaces) {
  EXPECT_EQ(ViewOf(R"({"a":"x\"y\"\nz", "b" : [1, true, null]})"),
            "{\"a\":\"x\"y\"\nz\", \"b\" : [1, true, null]}");
  EXPECT_EQ(ViewOf(R"(["\u0041\u00e9\ud83d\ude00\/"])"), "[\"A\xc3\xa9\xf0\x9f\x98\x80/\"]");
}

TEST(LinearView, OpensStringsThatAreJsonThemselves) {
  const std::string inner = R"({"k":"v \"quoted\"","n":[1]})";
  EXPECT_EQ(ViewOf("{\"a\":" + JsonString(inner) + "}"), "{\"a\":\"{\"k\":\"v \"quoted\"\",\"n\":[1]}\"}");
  EXPECT_EQ(ViewOf("[" + JsonString("[" + JsonString("{\"x\":\"y\"}") + "]") + "]"),
            "[\"[\"{\"x\":\"y\"}\"]\"]");
  EXPECT_EQ(ViewOf("[" + JsonString("{not json\n") + "]"), "[\"{not json\n\"]");
  EXPECT_EQ(ViewOf("[" + JsonString(JsonString("a \"b\"\nc")) + "]"), "[\"\"a \"b\"\nc\"\"]");
  EXPECT_EQ(ViewOf("[" + JsonString("\"a\\n\" and \"b\"") + "]"), "[\"\"a\\n\" and \"b\"\"]");
}

TEST(LinearView, KnowsWhereItsBytesComeFrom) {
  const std::string json = R"({"a":"{\"k\":\"v\\nw\"}"})";
  const auto view = LinearView(json);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->text(), "{\"a\":\"{\"k\":\"v\nw\"}\"}");
  const auto raw = [&](const std::string& part) {
    const size_t at = view->text().find(part);
    return std::string(In(json, view->Raw({at, at + part.size()})));
  };
  EXPECT_EQ(raw("{\"a"), "{\"a");
  EXPECT_EQ(raw("v\nw"), "v\\\\nw");
  EXPECT_EQ(raw("\n"), "\\\\n");
  EXPECT_EQ(raw("\"k\""), "\\\"k\\\"");
}

TEST(LinearView, TellsValuesFromKeysAndStructure) {
  const auto view = LinearView(R"({"key":"value","inner":"{\"a\":\"bc\"}"})");
  ASSERT_TRUE(view);
  const auto is_value = [&](const std::string& part) {
    const size_t at = view->text().find(part);
    return view->IsInOneValue({at, at + part.size()});
  };
  EXPECT_TRUE(is_value("value"));
  EXPECT_TRUE(is_value("bc"));
  EXPECT_FALSE(is_value("key"));
  EXPECT_FALSE(is_value("value\""));
  EXPECT_FALSE(is_value("\"a\""));
}

TEST(LinearView, PassesOverWhatIsForMachinesWhereTheApiHasIt) {
  const std::string body =
      R"({"messages":[{"role":"user","content":[)"
      R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":"PIXELS"}},)"
      R"({"source":{"data":"DOCUMENT","type":"text"},"type":"document"},)"
      R"({"type":"thinking","thinking":"THOUGHT","signature":"SIGNED"},)"
      R"({"type":"tool_use","id":"toolu_1","name":"x","input":)"
      R"({"id":"KEPT1","content":[{"type":"thinking","signature":"KEPT2"}],"data":"KEPT3"}},)"
      R"({"type":"tool_result","tool_use_id":"toolu_2","content":)"
      R"("{\"content\":[{\"type\":\"tool_use\",\"id\":\"KEPT4\"}]}"}]}]})";
  const std::string view = ViewOf(body);
  for (const char* gone : {"PIXELS", "SIGNED", "toolu_1", "toolu_2"})
    EXPECT_EQ(view.find(gone), std::string::npos) << gone;
  for (const char* kept : {"DOCUMENT", "THOUGHT", "KEPT1", "KEPT2", "KEPT3", "KEPT4"})
    EXPECT_NE(view.find(kept), std::string::npos) << kept;
}

TEST(LinearView, ShowsWhatIsInBase64AndNeitherAPictureNorAPdf) {
  const auto view_of = [](const std::string& source) {
    return ViewOf(R"({"messages":[{"content":[{"type":"document","source":{)" + source + "}}]}]}");
  };
  EXPECT_EQ(view_of(R"("data":"PDF","media_type":"application/pdf","type":"base64")").find("PDF"),
            std::string::npos);
  for (const char* type : {"text/plain", "image", "application/pdfx", "ima\\u0067e/png"})
    EXPECT_NE(
        view_of(R"("type":"base64","media_type":")" + std::string(type) + R"(","data":"TEXT")").find("TEXT"),
        std::string::npos)
        << type;
  EXPECT_NE(view_of(R"("type":"base64","data":"TEXT")").find("TEXT"), std::string::npos);
}

TEST(LinearView, RefusesWhatIsOfTwoTypes) {
  const auto view_of = [](const std::string& block) { return ViewOf(R"({"content":[{)" + block + "}]}"); };
  EXPECT_NE(view_of(R"("type":"text")"), "(none)");
  EXPECT_EQ(view_of(R"("type":"thinking","signature":"a","type":"text")"), "(none)");
  EXPECT_EQ(view_of(R"("type":"thinking","signature":"a","t\u0079pe":"text")"), "(none)");
  for (const char* again : {R"("type":"text")", R"("media_type":"text/plain")", R"("media\u005ftype":"x")"})
    EXPECT_EQ(view_of(R"("source":{"type":"base64","media_type":"image/png","data":"a",)" +
                      std::string(again) + "}"),
              "(none)")
        << again;
  EXPECT_NE(view_of(R"("type":"tool_use","input":{"type":"a","type":"b"}})"), "");
}

TEST(LinearView, WithinAStringAKeyIsText) {
  MappedText view = *LinearView(R"({"a":"{\"SECRET\":{\"b\":1}}"})");
  const size_t at = view.text().find("SECRET");
  EXPECT_TRUE(view.IsInOneValue({at, at + 6}));
  EXPECT_FALSE(view.IsInOneValue({at - 1, at + 6}));
}

TEST(LinearView, RefusesWhatIsNoJson) {
  for (const std::string json :
       {"", "{", "{\"a\"}", "[1,]", "[\"\\x\"]", "[\"\\u12\"]", "[\"a\nb\"]", "{} {}", "nul", "\"", "[\"\\"})
    EXPECT_EQ(ViewOf(json), "(none)") << json;
  EXPECT_EQ(ViewOf(std::string(100'000, '[')), "(none)");
}

// What is found in the plain text is found in the request that holds it, however often it is encoded, and can
// be taken out again.
TEST(LinearView, ShowsTheLabelledSecretsInARequestAndTakesThemOut) {
  const Scanner& scanner = GitleaksScanner();
  Workspace workspace(scanner);
  size_t secrets = 0, found[2] = {0, 0}, replaced = 0;
  for (const Case& one : LabelledCases()) {
    if (!one.secret || one.text.empty()) continue;
    ++secrets;
    const std::string single = JsonString(one.text);
    const std::string contents[2] = {single, JsonString("{\"file\": " + single + "}")};
    for (int i = 0; i < 2; ++i) {
      const std::string body = "{\"messages\":[{\"role\":\"user\",\"content\":" + contents[i] + "}]}";
      const auto view = LinearView(body);
      ASSERT_TRUE(view);
      const auto findings = scanner.Scan({.text = view->text(), .path = one.path}, workspace, {});
      ASSERT_TRUE(findings);
      found[i] += std::any_of(findings->begin(), findings->end(),
                              [&](const Finding& f) { return f.secret == *one.secret; });
      const Redacted redacted = Redact(body, *view, *findings, "the host's key");
      EXPECT_TRUE(json::Parse(redacted.body)) << one.rule;
      if (!redacted.remaining.empty()) continue;
      ++replaced;
      const auto second = LinearView(redacted.body);
      ASSERT_TRUE(second);
      for (const Finding& finding : *findings)
        EXPECT_EQ(second->text().find(finding.secret), std::string::npos) << one.rule;
    }
  }
  EXPECT_GE(static_cast<double>(found[0]), 0.99 * static_cast<double>(secrets));
  EXPECT_GE(static_cast<double>(found[1]), 0.99 * static_cast<double>(secrets));
  EXPECT_GE(static_cast<double>(replaced), 0.98 * 2 * static_cast<double>(secrets));
}

TEST(Redact, ReplacesTheSecretAndNoOtherByte) {
  const std::string body = R"({"a" : "x\tghp=SECRET12 y" ,"b":"SECRET12"})";
  const auto view = LinearView(body);
  std::vector<Finding> findings(2);
  size_t at = view->text().find("SECRET12");
  findings[0].secret_span = {at, at + 8};
  at = view->text().rfind("SECRET12");
  findings[1].secret_span = {at, at + 8};
  const Redacted redacted = Redact(body, *view, findings, "key");
  const std::string placeholder = PlaceholderFor("key", "SECRET12");
  EXPECT_EQ(redacted.body, R"({"a" : "x\tghp=)" + placeholder + R"( y" ,"b":")" + placeholder + "\"}");
  EXPECT_EQ(redacted.replaced.size(), 2u);
}

TEST(Redact, LeavesAKeyAndSaysSo) {
  const auto view = LinearView(R"({"SECRET12":1})");
  std::vector<Finding> findings(1);
  findings[0].secret_span = {2, 10};
  const Redacted redacted = Redact(R"({"SECRET12":1})", *view, findings, "key");
  EXPECT_EQ(redacted.body, R"({"SECRET12":1})");
  EXPECT_EQ(redacted.remaining, std::vector<size_t>{0});
}

TEST(Placeholder, IsTheSameForOneKeyAndSecretAndFoundByNoRule) {
  const std::string placeholder = PlaceholderFor("key", "secret");
  EXPECT_EQ(placeholder, PlaceholderFor("key", "secret"));
  EXPECT_NE(placeholder, PlaceholderFor("key", "secret2"));
  EXPECT_NE(placeholder, PlaceholderFor("key2", "secret"));
  EXPECT_EQ(placeholder.size(), 29u);
  EXPECT_TRUE(MustScan(GitleaksScanner(), {.text = "api_key = \"" + placeholder + "\""}).empty());
}

}  // namespace
}  // namespace postern::secrets
