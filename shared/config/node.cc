#include "shared/config/node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "shared/base/check.h"
#include "shared/base/edit_distance.h"
#include "shared/config/document.h"

namespace postern::config {
namespace {

// Enough of what was found to recognise it.
constexpr size_t kShown = 60;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Fit for one line of a terminal or a log.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (IsControl(c)) c = '?';
  }
  if (text.size() > kShown) {
    // Not through the middle of a UTF-8 character.
    while (!shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xc0) == 0x80)
      shown.pop_back();
    shown += "…";
  }
  return shown;
}

std::string Quoted(std::string_view text) { return '"' + Shown(text) + '"'; }

std::string Describe(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNothing: return "nothing";
    case Value::Kind::kScalar: return Quoted(value.text);
    case Value::Kind::kList: return "a list";
    case Value::Kind::kMap: return "a mapping";
  }
  return "something else";
}

std::string KeyPath(const Value* value) {
  std::vector<std::string> parts;
  for (; value->parent != nullptr; value = value->parent) {
    const bool in_list = value->parent->kind == Value::Kind::kList;
    parts.push_back(in_list ? '[' + std::to_string(value->index) + ']' : Shown(value->key));
  }
  std::string path;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!path.empty() && part->front() != '[') path += '.';
    path += *part;
  }
  return path;
}

template <class Words>
std::string Listed(const Words& words) {
  std::string list;
  for (const std::string_view word : words) {
    if (!list.empty()) list += ", ";
    list += word;
  }
  return list;
}

// All of `text` as digits; nothing for an overflow, a sign, or no digit.
std::optional<int64_t> Digits(std::string_view text) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Unit {
  std::string_view suffix;
  int64_t size;
};

// A whole number of one of the units.
std::optional<int64_t> Measure(std::string_view text, std::span<const Unit> units) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = Digits(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    int64_t measure = 0;
    if (text.substr(digits) == unit.suffix && !__builtin_mul_overflow(*number, unit.size, &measure))
      return measure;
  }
  return std::nullopt;
}

std::optional<int64_t> Decimal(std::string_view text, int digits) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : "0";
  const size_t significant = fraction.find_last_not_of('0') + 1;
  if (whole.empty() || fraction.empty() || significant > static_cast<size_t>(digits)) return std::nullopt;
  if (fraction.find_first_not_of("0123456789") != fraction.npos) return std::nullopt;
  std::string scaled = std::string(whole) + std::string(fraction.substr(0, significant));
  scaled.append(static_cast<size_t>(digits) - significant, '0');
  const auto number = Digits(scaled);
  if (!number) return std::nullopt;
  return negative ? -*number : *number;
}

}  // namespace

int Node::line() const { return value_->line; }

std::string Node::Where() const {
  std::string where = value_->document->name + ":" + std::to_string(value_->line);
  const std::string path = KeyPath(value_.get());
  return path.empty() ? where : where + ": " + path;
}

Error Node::Wrong(std::string_view found, std::string_view allowed) const {
  return Error{ErrorCode::kInvalid,
               Where() + ": found " + std::string(found) + ", allowed is " + std::string(allowed)};
}

Result<std::string> Node::AsText() const {
  if (value_->kind != Value::Kind::kScalar) return Wrong(Describe(*value_), "a text");
  return value_->text;
}

Result<std::string> Node::AsString() const {
  if (value_->kind != Value::Kind::kScalar) return Wrong(Describe(*value_), "a text");
  if (std::any_of(value_->text.begin(), value_->text.end(), IsControl)) {
    return Wrong(Describe(*value_), "a text of one line without control characters");
  }
  return value_->text;
}

Result<std::string> Node::AsSecret() const {
  if (value_->kind != Value::Kind::kScalar) return Wrong(Describe(*value_), "a secret text");
  if (std::any_of(value_->text.begin(), value_->text.end(), IsControl)) {
    return Wrong("a text that is not shown", "a secret text of one line without control characters");
  }
  return value_->text;
}

Result<bool> Node::AsBool() const {
  if (value_->kind == Value::Kind::kScalar) {
    if (value_->text == "true") return true;
    if (value_->text == "false") return false;
  }
  return Wrong(Describe(*value_), "true or false");
}

Result<int64_t> Node::AsInteger(int64_t least, int64_t most) const {
  if (value_->kind == Value::Kind::kScalar) {
    const std::string_view text = value_->text;
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (whole && number >= least && number <= most) return number;
  }
  return Wrong(Describe(*value_),
               "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<std::chrono::nanoseconds> Node::AsDuration() const {
  static constexpr std::array<Unit, 5> kUnits{{{"ms", 1'000'000},
                                               {"s", 1'000'000'000},
                                               {"m", 60'000'000'000},
                                               {"h", 3'600'000'000'000},
                                               {"d", 86'400'000'000'000}}};
  if (value_->kind == Value::Kind::kScalar) {
    if (const auto duration = Measure(value_->text, kUnits)) return std::chrono::nanoseconds(*duration);
  }
  return Wrong(Describe(*value_), "a duration such as 250ms, 30s, 5m, 12h or 7d");
}

Result<int64_t> Node::AsBytes() const {
  static constexpr std::array<Unit, 4> kUnits{{{"", 1}, {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}}};
  if (value_->kind == Value::Kind::kScalar) {
    if (const auto bytes = Measure(value_->text, kUnits)) return *bytes;
  }
  return Wrong(Describe(*value_), "a number of bytes such as 512, 64KB, 32MB or 1GB");
}

Result<int64_t> Node::AsDecimal(int digits) const {
  CHECK(digits >= 0 && digits <= 18);
  if (value_->kind == Value::Kind::kScalar) {
    if (const auto decimal = Decimal(value_->text, digits)) return *decimal;
  }
  return Wrong(Describe(*value_),
               "a decimal number with at most " + std::to_string(digits) + " decimal places");
}

Result<std::string> Node::AsOneOf(std::initializer_list<std::string_view> words) const {
  const bool is_scalar = value_->kind == Value::Kind::kScalar;
  if (is_scalar && std::find(words.begin(), words.end(), value_->text) != words.end()) return value_->text;
  const std::string hint = is_scalar ? DidYouMean(value_->text, {words.begin(), words.size()}) : "";
  return Wrong(Describe(*value_), (words.size() == 1 ? "" : "one of ") + Listed(words) + hint);
}

Result<std::vector<Node>> Node::AsList() const {
  if (value_->kind != Value::Kind::kList) return Wrong(Describe(*value_), "a list");
  std::vector<Node> list;
  list.reserve(value_->children.size());
  for (const Value* child : value_->children)
    list.push_back(Node(std::shared_ptr<const Value>(value_, child)));
  return list;
}

Result<Map> Node::AsMap(std::initializer_list<std::string_view> allowed) const {
  if (value_->kind != Value::Kind::kMap)
    return Wrong(Describe(*value_), "a mapping with the keys " + Listed(allowed));
  for (const Value* child : value_->children) {
    if (std::find(allowed.begin(), allowed.end(), child->key) != allowed.end()) continue;
    const std::string hint = DidYouMean(child->key, {allowed.begin(), allowed.size()});
    const Node unknown(std::shared_ptr<const Value>(value_, child));
    return Error{ErrorCode::kInvalid, unknown.Where() + ": unknown key" +
                                          (hint.empty() ? "; allowed are " + Listed(allowed) : hint)};
  }
  return Map(*this);
}

Result<std::vector<std::pair<std::string, Node>>> Node::AsEntries() const {
  if (value_->kind != Value::Kind::kMap) return Wrong(Describe(*value_), "a mapping");
  std::vector<std::pair<std::string, Node>> entries;
  entries.reserve(value_->children.size());
  for (const Value* child : value_->children) {
    entries.emplace_back(child->key, Node(std::shared_ptr<const Value>(value_, child)));
  }
  return entries;
}

std::optional<Node> Map::Find(std::string_view key) const {
  for (const Value* child : node_.value_->children) {
    if (child->key == key) return Node(std::shared_ptr<const Value>(node_.value_, child));
  }
  return std::nullopt;
}

Result<Node> Map::Require(std::string_view key) const {
  if (auto found = Find(key)) return *std::move(found);
  return Error{ErrorCode::kInvalid, node_.Where() + ": the key \"" + std::string(key) + "\" is missing"};
}

}  // namespace postern::config
