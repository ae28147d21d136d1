// What the agent must know of a request to /v1/messages or /v1/messages/count_tokens before it may go on.
//
// The bytes are only looked at: what leaves is what came. So the reading has to be the one that the provider
// will make, and it **fails closed**: a body of which we can't be sure which model, tools or price it will
// mean is refused. Refused are
//   - text that is not UTF-8, not JSON (as json_cursor.h has it), not an object, or nested too deeply;
//   - `model` missing, not a string, or not 1 to 256 printable ASCII characters without spaces;
//   - a value of the wrong type where one is read: `stream` not a boolean, `max_tokens` not a whole number,
//     `tools` or `messages` not a list (null counts as not given, except for `model`);
//   - a key that decides permission or price (model, stream, max_tokens, tools, mcp_servers, speed,
//     inference_geo, service_tier, thinking, tool_choice) given twice, also when spelt with escapes
//     ("mod\u0065l"), or spelt with capitals ("Model"): parsers differ in which one they take. So is the
//     `name` or `type` of a tool or of tool_choice given twice.
// Everything else may be in it, in any order. Errors never hold a part of the body.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "shared/base/result.h"

namespace postern::dialect {

struct RequestTool {
  std::string name;  // made plain, at most 128 bytes; empty where the tool has none (mcp_toolset)
  std::string type;  // made plain, at most 64 bytes; empty means "custom": a tool that the client runs

  // A server tool, such as web_search_20250305: the provider runs it, and it may leave the company. Types
  // that are unknown here count as such.
  bool RunsAtProvider() const;

  friend bool operator==(const RequestTool&, const RequestTool&) = default;
};

// Where something stands in the body; empty where it isn't there.
struct BodyRange {
  size_t begin = 0;
  size_t end = 0;

  bool empty() const { return begin == end; }
  size_t size() const { return end - begin; }
  friend bool operator==(const BodyRange&, const BodyRange&) = default;
};

struct ToolPlace {
  BodyRange whole;        // from { to }
  BodyRange cache_mark;   // the value of cache_control, from { to }
  bool deferred = false;  // defer_loading: a tool outside the cached prefix, which may bear no mark

  friend bool operator==(const ToolPlace&, const ToolPlace&) = default;
};

// What an edit has to find (splice.h).
struct RequestPlaces {
  std::vector<ToolPlace> tools;  // one for each of RequestFacts::tools
  BodyRange max_tokens;          // the number
  BodyRange thinking_budget;     // the number
  BodyRange tool_choice;         // the whole member, with the comma after it, or else the one before it

  friend bool operator==(const RequestPlaces&, const RequestPlaces&) = default;
};

struct RequestFacts {
  std::string model;  // as the client wrote it
  bool stream = false;
  std::optional<int64_t> max_tokens;  // count_tokens has none
  int64_t message_count = 0;
  std::vector<RequestTool> tools;
  std::string tool_choice;       // "auto", "any", "tool", "none", another word, or empty
  std::string forced_tool;       // of tool_choice "tool"; made plain, at most 128 bytes
  int64_t mcp_server_count = 0;  // MCP servers that the provider is asked to connect to
  std::string session_id;        // from metadata.user_id, whatever its shape; empty where there is none
  std::string thinking;          // "enabled", "adaptive", "disabled", or empty
  std::optional<int64_t> thinking_budget;
  std::string speed;  // these three bear on the price; made plain, at most 64 bytes
  std::string inference_geo;
  std::string service_tier;
  bool repeated_keys = false;  // messages, system or metadata is given twice; all of them are counted
  RequestPlaces places;

  friend bool operator==(const RequestFacts&, const RequestFacts&) = default;
};

// What a body said before its messages, and places among these from which the reading of another body may go
// on that begins with the same bytes, as a conversation's next turn does:
//
//   body before   {"model":…,"tools":[…],"messages":[{…},{…},{…}],"metadata":…}
//   body now      {"model":…,"tools":[…],"messages":[{…},{…},{…},{…},{…}],"metadata":…}
//                  └──── facts ────┘                     ▲ the last point in what is the same
//
// It holds nothing of the messages but how many there were.
struct RequestBeginning {
  static constexpr size_t kMostPoints = 32;  // the last ones
  struct Point {
    size_t at = 0;         // a message begins here, behind a comma
    int64_t messages = 0;  // before it
  };

  RequestFacts facts;
  std::bitset<16> seen;  // keys
  std::string user_id;
  std::string session_id;
  std::vector<Point> points;  // in order; none: there is nothing to go on from
};

// kInvalid, with one sentence for the person at the client, for what is refused above. `json` is borrowed for
// the call.
Result<RequestFacts> ReadMessagesRequest(std::string_view body, JsonCursor& json);

// The same, of a body whose first `same` bytes, 0 or more, are those of the body that `beginning` was left
// by. Leaves there what is to be known of this one; after a failure nothing.
Result<RequestFacts> ReadMessagesRequest(std::string_view body, JsonCursor& json, size_t same,
                                         RequestBeginning& beginning);

}  // namespace postern::dialect
