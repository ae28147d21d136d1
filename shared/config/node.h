// YAML, and TOML where a format of others is written in it, as this project reads them: every value knows
// where it stands, so that an error names file, line, key, what was found and what is allowed.
//
//   ASSIGN_OR_RETURN(const Node root, ParseFile("/etc/postern/agent.yaml"));
//   ASSIGN_OR_RETURN(const Map map, root.AsMap({"listen", "state", "upstream"}));
//   if (const auto listen = map.Find("listen")) { ASSIGN_OR_RETURN(config.listen, listen->AsString()); }
//
//   agent.yaml:12: upstream.timeout: found "soon", allowed is a duration such as 250ms, 30s, 5m, 12h or 7d
//   agent.yaml:3: lisen: unknown key; did you mean "listen"?
//
// All errors are kInvalid (kNotFound where the file can't be opened). Values that might be secrets are never
// quoted in an error: use AsSecret for them. Aliases, anchors, tags, second documents and keys given twice
// are refused, and so is what is larger than the bounds below: a file can be wrong, but it can't exhaust us.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace postern::config {

class Map;
struct Value;  // one value as it was parsed: document.h

// What a file may hold at most.
inline constexpr size_t kMaxFileBytes = 4 << 20;
inline constexpr size_t kMaxValues = 200'000;
inline constexpr size_t kMaxDepth = 32;

// One value of a document. Cheap to copy. Thread-compatible.
class Node {
 public:
  int line() const;           // of its key where it has one; counted from 1
  std::string Where() const;  // "agent.yaml:12: upstream.timeout"
  Error Wrong(std::string_view found, std::string_view allowed) const;  // the error of this place

  // Any scalar but nothing (an empty value, ~ or null), with no control characters.
  Result<std::string> AsString() const;
  Result<std::string> AsText() const;    // as AsString, with lines and control characters
  Result<std::string> AsSecret() const;  // as AsString, but an error never shows what was found
  Result<bool> AsBool() const;           // true, false
  Result<int64_t> AsInteger(int64_t least, int64_t most) const;
  Result<std::chrono::nanoseconds> AsDuration() const;  // 250ms 30s 5m 12h 7d; never negative
  Result<int64_t> AsBytes() const;                      // 512, 64KB, 32MB, 1GB (binary: 1 KB is 1,024 bytes)
  // An exact decimal, times 10^digits: "0.125" with 9 digits is 125000000. More digits than that are an
  // error.
  Result<int64_t> AsDecimal(int digits) const;
  // One of the given words; the error lists them, with "did you mean".
  Result<std::string> AsOneOf(std::initializer_list<std::string_view> words) const;
  Result<std::vector<Node>> AsList() const;
  // A mapping with no other keys than these and none twice; the error names the nearest allowed key.
  Result<Map> AsMap(std::initializer_list<std::string_view> allowed) const;
  // A mapping with keys of the file's own choosing, in file order.
  Result<std::vector<std::pair<std::string, Node>>> AsEntries() const;

 private:
  friend class Map;
  friend Result<Node> Parse(std::string_view text, std::string_view name);
  friend Result<Node> ParseToml(std::string_view text, std::string_view name);
  explicit Node(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
  std::shared_ptr<const Value> value_;
};

// A mapping whose keys have been checked. Thread-compatible.
class Map {
 public:
  std::optional<Node> Find(std::string_view key) const;
  Result<Node> Require(std::string_view key) const;

 private:
  friend class Node;
  explicit Map(Node node) : node_(std::move(node)) {}
  Node node_;
};

// `name` is what errors call the text. An empty document is an empty mapping.
Result<Node> Parse(std::string_view text, std::string_view name);
Result<Node> ParseFile(const std::string& path);

// TOML 1.0, within the same bounds. Numbers, truth values and dates are scalars, read by the same methods.
Result<Node> ParseToml(std::string_view text, std::string_view name);

}  // namespace postern::config
