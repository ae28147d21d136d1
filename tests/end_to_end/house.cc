#include "tests/end_to_end/house.h"

#include <cstdio>
#include <limits>

#include "shared/base/check.h"
#include "shared/json/value.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

constexpr std::string_view kTeam = "platform";
constexpr std::string_view kUser = "alice@example.com";
constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
constexpr json::Bounds kBounds{.bytes = size_t{64} << 20, .values = 10'000'000, .depth = 32};

json::Object Parsed(const std::string& text) {
  const auto value = json::Parse(text, kBounds);
  CHECK(value);
  auto object = value->AsOpenObject();
  CHECK(object);
  return *std::move(object);
}

std::string Text(const json::Object& object, std::string_view name) {
  const auto text = object.OptionalText(name);
  CHECK(text);
  return text->value_or("");
}

int64_t Number(const json::Object& object, std::string_view name) {
  const auto number = object.OptionalInteger(name, 0, kLargest);
  CHECK(number);
  return number->value_or(0);
}

std::vector<json::Object> Objects(const json::Object& object, std::string_view name) {
  const auto list = object.Require(name);
  CHECK(list);
  const auto values = list->AsList();
  CHECK(values);
  std::vector<json::Object> objects;
  for (const json::Value& value : *values) objects.push_back(*value.AsOpenObject());
  return objects;
}

void Count(const json::Object& logged, LogContents& contents) {
  const auto body = logged.Require("event");
  CHECK(body);
  const auto event = body->AsOpenObject();
  CHECK(event);
  const std::string kind = Text(*event, "kind");
  if (kind == "alarm") ++contents.alarms[Text(*event, "reason")];
  const std::string agent = Text(logged, "agent");
  if (agent == "collector") return;
  ++contents.events;
  auto& chain = contents.chains[{agent, Text(*event, "incarnation")}];
  if (!chain.insert(Number(*event, "sequence")).second) ++contents.repeated;
  if (kind == "intent") ++contents.intents[Text(*event, "user_agent")];
  if (kind != "outcome") return;
  ++contents.outcomes[Text(*event, "exchange")];
  contents.nano_dollars += Number(*event, "cost_nano_dollars");
  const auto usage = event->Find("usage");
  if (!usage) return;
  contents.input += Number(*usage->AsOpenObject(), "input");
  contents.output += Number(*usage->AsOpenObject(), "output");
}

}  // namespace

int LogContents::IntentsOf(const std::string& user_agent) const {
  const auto found = intents.find(user_agent);
  return found == intents.end() ? 0 : found->second;
}

House::House() {
  keep_.Start();
  keep_.directory().Write("administrator.token", keep_.token() + "\n");
  const std::string value = keep_.directory().Write("provider.key", std::string(kProviderKey) + "\n");
  Postern({"credential", "add", "main", "--provider", "anthropic", "--value-file", value});
  Postern({"team", "create", std::string(kTeam), "--credential", "main"});
  Postern({"user", "create", std::string(kUser), "--team", std::string(kTeam)});
  key_ = Text(Parsed(Postern({"key", "create", "--user", std::string(kUser), "--json"})), "text");
}

HostOptions House::Member(HostOptions options) const {
  const std::string token = Postern({"agent", "enroll-token"});
  options.collector_url = keep_.url();
  options.enrolment_token = token.substr(0, token.find('\n'));
  options.member_key = key_;
  return options;
}

std::string House::Postern(std::vector<std::string> words) const {
  words.insert(words.begin(), support::InBuild("bin/postern"));
  const auto finished =
      support::RunProcess({.argv = words,
                           .variables = {{"POSTERN_URL", keep_.url()},
                                         {"POSTERN_TOKEN_FILE", keep_.directory() / "administrator.token"},
                                         {"POSTERN_FINGERPRINT", keep_.fingerprint()}}});
  CHECK(finished.has_value());
  if (finished->ending.code != 0) std::fprintf(stderr, "postern: %s\n", finished->errors.c_str());
  CHECK(finished->ending.code == 0);
  return finished->output;
}

LogContents House::ReadLog() const {
  LogContents contents;
  ReadOn(contents);
  return contents;
}

void House::ReadOn(LogContents& contents) const {
  for (;;) {
    const json::Object page =
        Parsed(keep_.Done("GET", "/v1/events?limit=200&wait=0&after=" + std::to_string(contents.last)));
    const auto items = Objects(page, "items");
    if (items.empty()) return;
    for (const json::Object& item : items) {
      Count(item, contents);
      contents.last = Number(item, "leaf");
    }
  }
}

Sums House::ReadSums() const {
  const json::Object usage = Parsed(keep_.Done("GET", "/v1/usage"));
  const auto total = usage.Require("total");
  CHECK(total);
  const json::Object sums = *total->AsOpenObject();
  return {Number(sums, "requests"), Number(sums, "input"), Number(sums, "output"),
          Number(sums, "nano_dollars")};
}

std::string House::StateOf(const std::string& agent) const {
  return Text(Parsed(keep_.Done("GET", "/v1/agents/" + agent)), "state");
}

std::vector<std::string> House::agents() const {
  std::vector<std::string> ids;
  for (const json::Object& agent : Objects(Parsed(keep_.Done("GET", "/v1/agents")), "items"))
    ids.push_back(Text(agent, "id"));
  return ids;
}

}  // namespace postern::end_to_end
