// The same text in every form in which the gate meets it: plain, as a JSON string, as JSON within a JSON
// string, and streamed. What a rule says of the text it says of each form.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/secrets/body_scan.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/rule_file.h"
#include "shared/secrets/stream_scan.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

using Findings = std::multiset<std::pair<uint32_t, std::string>>;

struct Form {
  const char* rules;
  const char* text;
};

// Rules whose matches end or begin where a text does, or go on over quotes.
const Form kForms[] = {
    {"id = 'r'\nregex = 'pass=(\\S+)'", "login pass=hunter2/x9 and pass=other1"},
    {"id = 'r'\nregex = 'pass=(\\S+)'", "pass=at-the-end"},
    {"id = 'r'\nregex = 'pass: (.+)'", "a\npass: three words here\nb"},
    {"id = 'r'\nregex = '(?m)^KEY=(.*)$'", "KEY=first\nX=no\nKEY=last one"},
    {"id = 'r'\nregex = '(?m)^KEY=([^\\n]*)'\nkeywords = ['key']", "KEY=a \"quoted\" one\nkey=no"},
    {"id = 'r'\nregex = '^\\s*([a-z]{4}-[0-9]{4})\\s*$'", " abcd-1234 "},
    {"id = 'r'\nregex = '\\A([a-z]{4}-[0-9]{4})\\z'", "abcd-1234"},
    {"id = 'r'\nregex = '\\A([a-z]{4}-[0-9]{4})\\z'", "xabcd-1234"},
    {"id = 'r'\nregex = '(?:^|\\s)tok=([a-z0-9]+)(?:\\s|$)'", "tok=abc1 tok=abc2 x\ttok=abc3"},
    {"id = 'r'\nregex = 'k=([^,;]+)'\nentropy = 2.5", "k=ab\"cd\\efgh;k=aaaa,k=zyxwvuts"},
    {"id = 'r'\nregex = 't=(\\w+)'\n[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['^# ', ' ok$']",
     "# t=one\nt=two ok\nt=three"},
    {"id = 'r'\nregex = 't=(\\S+)'\n[[rules.allowlists]]\nregexes = ['^safe$']", "t=safe"},
    {"id = 'r'\nregex = 'k=(\\S+)'\n[[rules.required]]\nid = 'u'\nwithinLines = 1\n"
     "[[rules]]\nid = 'u'\nregex = '(?m)^user:.*$'\nskipReport = true",
     "user: me\nk=yes\n\n\nk=no"},
    {"id = 'r'\nregex = '(?s)BEGIN(.*?)(?:END|\\z)'", "a BEGIN b\nc END d BEGIN e"},
    {"id = 'r'\nregex = '\\btok_[a-z]{4}\\b'", "see ?a=%20b&q=%3Dtok_abcd&c=%20d"},
    {"id = 'r'\nregex = 'k=(\\S+)'", "x=%6b%3Dfound%20 k=plain"},
    // The last of a run of code points may end a text, and so a value, but stand before no quote.
    {"id = 'r'\nregex = 'k=([a-z]{4})'", "k=U+0061 U+0062 U+0063 U+0064"},
    {"id = 'r'\nregex = 'k=([a-z]{4})'", "k=\"U+0061 U+0062 U+0063 U+0064\" b"},
    {"id = 'r'\nregex = 'k=([a-z]{4})'", "k=%55%2B0061 U%2b0062 U%2B0063 U%2B0064"},
};

Scanner ScannerOf(const Form& form) {
  auto rules = ReadRules("[[rules]]\n" + std::string(form.rules) + "\n", "f.toml", {});
  CHECK(rules);
  auto scanner = Scanner::Make(*std::move(rules), {});
  CHECK(scanner);
  return *std::move(scanner);
}

Findings Plain(const Scanner& scanner, const std::string& text) {
  Findings all;
  for (const Finding& one : MustScan(scanner, {.text = text})) all.emplace(one.rule, one.secret);
  return all;
}

std::string Quoted(const std::string& text) { return JsonString(text); }

std::string Body(const std::string& content) {
  return R"({"model":"m","messages":[{"role":"user","content":"before"},{"role":"user","content":)" +
         content + R"(},{"role":"user","content":"behind %41"}],"max_tokens":1})";
}

Findings InBody(const Scanner& scanner, const std::string& body) {
  Workspace workspace(scanner);
  const auto scan = ScanBody({.scanner = scanner, .workspace = workspace, .body = body});
  EXPECT_TRUE(scan);
  Findings all;
  std::vector<size_t> cuts;
  for (const BodyFinding& one : scan->findings) {
    all.emplace(one.rule, one.secret);
    EXPECT_TRUE(one.cut) << "it can't be taken out";
  }
  for (size_t i = 0; i < scan->cuts.size(); ++i) cuts.push_back(i);
  const std::string redacted = RedactBody(body, *scan, cuts, "host key");
  EXPECT_TRUE(LinearView(redacted));
  return all;
}

Findings Streamed(const Scanner& scanner, const std::string& text, size_t cut, StreamForm form) {
  Workspace workspace(scanner);
  StreamScan stream({.scanner = scanner, .form = form, .replace = [](const Finding&, std::string_view) {
                       return std::string("REDACTED_x");
                     }});
  std::string out;
  for (const std::string_view piece :
       {std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)})
    out += *stream.Feed(piece, workspace);
  out += *stream.Finish(workspace);
  if (form == StreamForm::kJson) {
    EXPECT_TRUE(LinearView(out)) << "it is no JSON any more";
  }
  Findings all;
  for (const StreamFinding& one : stream.findings()) all.emplace(one.finding.rule, one.finding.secret);
  return all;
}

TEST(Forms, AreFoundAsTheTextIs) {
  for (const Form& form : kForms) {
    SCOPED_TRACE(std::string(form.rules) + "\n" + form.text);
    const Scanner scanner = ScannerOf(form);
    const std::string text = form.text;
    const Findings plain = Plain(scanner, text);
    EXPECT_EQ(InBody(scanner, Body(Quoted(text))), plain);
    EXPECT_EQ(InBody(scanner, Body("[{\"type\":\"text\",\"text\":" + Quoted(text) + "}]")), plain);
    EXPECT_EQ(InBody(scanner, Body(Quoted("{\"a\":" + Quoted(text) + ",\"b\":1}"))), plain);
    EXPECT_EQ(InBody(scanner, Body(Quoted(Quoted(text)))), plain);
  }
}

TEST(Forms, AreFoundInStreamsWhereverTheyAreCut) {
  for (const Form& form : kForms) {
    SCOPED_TRACE(std::string(form.rules) + "\n" + form.text);
    const Scanner scanner = ScannerOf(form);
    const std::string text = form.text;
    const std::string json = "{\"command\":" + Quoted(text) + ",\"b\":\"c d\"}";
    const Findings plain = Plain(scanner, text);
    for (size_t cut = 0; cut <= text.size(); ++cut)
      ASSERT_EQ(Streamed(scanner, text, cut, StreamForm::kText), plain) << cut;
    for (size_t cut = 0; cut <= json.size(); ++cut)
      ASSERT_EQ(Streamed(scanner, json, cut, StreamForm::kJson), plain) << cut;
  }
}

}  // namespace
}  // namespace postern::secrets
