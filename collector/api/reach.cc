#include "collector/api/reach.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "collector/api/answers.h"
#include "collector/api/view.h"
#include "collector/directory/names.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

namespace postern::api {
namespace {

using intake::Concern;
using intake::Mode;
using intake::Straggler;

constexpr int64_t kMostWait = 60;  // seconds

Result<int64_t> ReadNumber(std::string_view name, const std::string& text, int64_t most) {
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc{} && end == text.data() + text.size() && number >= 0 && number <= most)
    return number;
  return Error{ErrorCode::kInvalid,
               "\"" + std::string(name) + "\" must be a whole number of at most " + std::to_string(most)};
}

std::string TimeText(int64_t seconds) { return FormatRfc3339(WallTime(std::chrono::seconds(seconds))); }

const char* NameOf(Mode mode) {
  switch (mode) {
    case Mode::kStrict: return "strict";
    case Mode::kBestEffort: return "best_effort";
    case Mode::kUnknown: break;
  }
  return "unknown";
}

// For the person who revoked: what this host may still do.
std::string SentenceOf(const Straggler& straggler) {
  if (straggler.why == Straggler::Why::kRefuses)
    return straggler.host +
           " is connected and doesn't take it (postern agent show says why); it goes on "
           "by the policy that it had";
  if (straggler.why == Straggler::Why::kWaiting)
    return straggler.host + " is connected and has not acknowledged it yet; it is told again until it does";
  const std::string away = straggler.host + " is not connected, and it is not known what it remembers; ";
  if (!straggler.until)
    return away + "it is not known either how long it goes on by that without its collector";
  const std::string time = TimeText(*straggler.until);
  if (straggler.mode == Mode::kStrict)
    return away + "it is strict: without its collector it lets nothing through from " + time + " on";
  return away + "it is best_effort: by what it remembers it may go on until " + time;
}

const char* NameOf(Straggler::Why why) {
  switch (why) {
    case Straggler::Why::kWaiting: return "waiting";
    case Straggler::Why::kRefuses: return "refuses";
    case Straggler::Why::kAway: break;
  }
  return "away";
}

void Write(const Straggler& straggler, json::Writer& out) {
  out.BeginObject().Text("agent", straggler.agent).Text("host", straggler.host);
  out.Text("why", NameOf(straggler.why));
  out.Text("mode", NameOf(straggler.mode));
  WriteTime("heard", straggler.heard.value_or(0), out);
  WriteTime("until", straggler.until.value_or(0), out);
  out.Text("sentence", SentenceOf(straggler)).EndObject();
}

using Values = std::map<std::string, std::string, std::less<>>;

// What the query says, each at most once and nothing else.
Result<Values> ReadValues(const Call& call) {
  Values values;
  for (const auto& [name, value] : call.request.query) {
    if (name != "kind" && name != "id" && name != "revision" && name != "wait")
      return Error{ErrorCode::kInvalid, "the parameter \"" + directory::Presentable(name) +
                                            "\" is not known here; known are: kind, id, revision, wait"};
    if (!values.emplace(name, value).second)
      return Error{ErrorCode::kInvalid, "\"" + name + "\" is given twice"};
  }
  return values;
}

Result<Concern> ReadConcern(const Values& values) {
  using Kind = Concern::Kind;
  static const std::map<std::string, Kind, std::less<>> kKinds{
      {"key", Kind::kKey},     {"user", Kind::kUser},        {"team", Kind::kTeam},
      {"agent", Kind::kAgent}, {"freeze", Kind::kEverybody}, {"policy", Kind::kPolicy}};
  const auto given = values.find("kind");
  const auto kind = given == values.end() ? kKinds.end() : kKinds.find(given->second);
  if (kind == kKinds.end())
    return Error{ErrorCode::kInvalid, "\"kind\" must be one of key, user, team, agent, freeze, policy"};
  const auto id = values.find("id");
  const bool names_one = kind->second != Kind::kEverybody && kind->second != Kind::kPolicy;
  if (names_one && id == values.end())
    return Error{ErrorCode::kInvalid, "\"id\" is missing: which " + kind->first};
  return Concern{kind->second, names_one ? id->second : ""};
}

std::string ReachJson(const Context& context, const Concern& concern, uint64_t revision,
                      std::chrono::seconds wait) {
  if (!context.parts.reach) return "null";
  const auto reach = context.parts.reach(concern, revision, wait);
  if (!reach) {
    Log(Level::kWarning, "it can't be said whom a change has reached", {{"error", reach.error().message}});
    return "null";
  }
  json::Writer out;
  api::Write(*reach, out);
  return out.Take();
}

}  // namespace

Result<std::optional<std::chrono::seconds>> ReadWait(const Call& call) {
  const auto [first, last] = call.request.query.equal_range("wait");
  if (first == last) return std::optional<std::chrono::seconds>();
  if (std::next(first) != last) return Error{ErrorCode::kInvalid, "\"wait\" is given twice"};
  ASSIGN_OR_RETURN(const int64_t seconds, ReadNumber("wait", first->second, kMostWait));
  return std::optional(std::chrono::seconds(seconds));
}

Answer WithReach(const Context& context, const std::optional<std::chrono::seconds>& wait,
                 const Concern& concern, Answer answer, uint64_t revision) {
  if (!wait || !answer || answer->status >= 300) return answer;
  if (revision == 0) revision = context.parts.directory.revision();
  std::string& body = answer->body;
  // What was answered is an object of this API's own writing, or nothing at all.
  if (body.empty()) {
    *answer = rest::Json(200, "{}");
  }
  body.pop_back();
  if (body.size() > 1) body += ',';
  body += "\"reach\":" + ReachJson(context, concern, revision, *wait) + '}';
  return answer;
}

void Write(const intake::Reach& reach, json::Writer& out) {
  out.BeginObject().Integer("revision", reach.revision);
  out.Integer("holders", reach.holders).Integer("acknowledged", reach.acknowledged);
  out.Boolean("complete", reach.complete()).BeginList("others");
  for (const Straggler& straggler : reach.others) Write(straggler, out);
  out.EndList().EndObject();
}

Answer ShowReach(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const Values values, ReadValues(call));
  ASSIGN_OR_RETURN(const Concern concern, ReadConcern(values));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  uint64_t revision = context.parts.directory.revision();
  const bool is_policy = concern.kind == Concern::Kind::kPolicy;
  if (const auto asked = values.find("revision"); asked != values.end()) {
    ASSIGN_OR_RETURN(const int64_t number, ReadNumber("revision", asked->second, INT64_MAX));
    const auto given = static_cast<uint64_t>(number);
    revision =
        is_policy ? given : std::min(given, revision);  // of what is still to come nobody can say anything
  } else if (is_policy || concern.kind == Concern::Kind::kEverybody) {
    return Error{ErrorCode::kInvalid,
                 "\"revision\" is missing: of the freeze, or which version of the policy"};
  }
  if (!context.parts.reach) return Error{ErrorCode::kUnavailable, "no agents are spoken with here"};
  ASSIGN_OR_RETURN(const intake::Reach reach,
                   context.parts.reach(concern, revision, wait.value_or(std::chrono::seconds(0))));
  return Json(200, [&](json::Writer& out) { Write(reach, out); });
}

}  // namespace postern::api
