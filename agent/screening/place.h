// Where in a request of the Messages API something stands, as events say it: which message, which block, and
// of a tool's input and result the tool and the file that it names. Pure.
//
//   {"messages":[…, {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"KEY=…"}]}]}
//                                                                                          ▲
//   part "tool_result", message 7, block 0, tool "Read", path "/repo/.env": the tool_use t1 before it says so
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "shared/base/result.h"
#include "shared/secrets/expression.h"

namespace postern::screening {

struct Place {
  std::string part =
      "other";           // "system", "text", "thinking", "tool_input", "tool_result", "tools", "metadata", …
  uint32_t message = 0;  // from 0; of what is in no message 0
  uint32_t block = 0;    // in the message, or in `system`
  std::string tool{};    // made plain, as the path; empty where there is none
  std::string path{};    // without "." and ".."
  // The tool is one of Claude Code's own and works on this file. What another tool calls a path need not be
  // where its words come from.
  bool is_its_file = false;
  bool is_encoded = false;  // a document or an image in base 64, which a placeholder would break

  friend bool operator==(const Place&, const Place&) = default;
};

// What must never be edited: it is signed as it stands.
bool IsSigned(const Place& place);

// Where in the body the names of a place stand; empty where it has none.
struct NamesAt {
  secrets::Span tool{};
  secrets::Span path{};
};

// The places of one body, found once and then looked up. Thread-compatible.
class Places {
 public:
  // kInvalid where it is no request that can be read. `json` is borrowed for the call.
  static Result<Places> Of(std::string_view body, dialect::JsonCursor& json);

  // Of the byte at this offset.
  const Place& At(size_t offset) const;
  const NamesAt& NamesOf(size_t offset) const;

 private:
  struct Stretch {
    size_t begin, end;  // they rise and don't overlap
    Place place;
    NamesAt names;
  };
  class Reader;
  const Stretch& StretchOf(size_t offset) const;

  std::vector<Stretch> stretches_;
  Stretch elsewhere_{};
};

}  // namespace postern::screening
