#include "collector/policy/splice.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "collector/policy/yaml_lines.h"
#include "shared/base/clock.h"
#include "shared/base/json_text.h"
#include "shared/config/node.h"
#include "shared/policy/zone.h"

namespace postern::policies {
namespace {

using config::Node;
using Entries = std::vector<std::pair<std::string, Node>>;

constexpr std::string_view kFileName = "policy.yaml";
constexpr size_t kStep = 2;  // of what is indented anew

Error NotEditable(int line, const std::string& why) {
  return {ErrorCode::kInvalid, std::string(kFileName) + ":" + std::to_string(line) +
                                   ": this can't be changed in place, since " + why +
                                   ": change the text and apply it"};
}

bool IsEmpty(const Node& node) {
  if (const auto entries = node.AsEntries()) return entries->empty();
  if (const auto items = node.AsList()) return items->empty();
  return !node.AsText();  // nothing at all
}

// What a document says, apart from how: the scalars and empty values of it, by their place.
void Flatten(const Node& node, const std::string& place, std::map<std::string, std::string>& said) {
  if (const auto entries = node.AsEntries()) {
    if (entries->empty()) said[place] = "{}";
    for (const auto& [key, value] : *entries) Flatten(value, place + "/" + JsonString(key), said);
  } else if (const auto items = node.AsList()) {
    if (items->empty()) said[place] = "[]";
    for (size_t i = 0; i < items->size(); ++i) Flatten((*items)[i], place + "/[" + std::to_string(i), said);
  } else {
    const auto text = node.AsText();
    said[place] = text ? "=" + *text : "~";
  }
}

using Said = std::map<std::string, std::string>;

Result<Said> SaidBy(std::string_view text) {
  ASSIGN_OR_RETURN(const Node root, config::Parse(text, kFileName));
  Said said;
  Flatten(root, "", said);
  return said;
}

std::string PlaceOf(const Keys& keys) {
  std::string place;
  for (const std::string& key : keys) place += "/" + JsonString(key);
  return place;
}

// At the place, below it, or what is around it and empty.
bool IsAbout(const std::string& said, const std::string& text, const std::string& place) {
  const bool below = said.starts_with(place) && (said.size() == place.size() || said[place.size()] == '/');
  const bool around = !text.starts_with("=") && place.starts_with(said) &&
                      (said.size() == place.size() || place[said.size()] == '/');
  return below || around;
}

// That the result says what is wanted there and else what was said before.
Status CheckResult(std::string_view before, const std::string& after, const std::string& place,
                   const Said& wanted) {
  const Error odd = NotEditable(1, "of how it is written");
  ASSIGN_OR_RETURN(const Said was, SaidBy(before));
  const auto is = SaidBy(after);
  if (!is) return odd;
  Said expected;
  for (const auto& [at, text] : was) {
    if (!IsAbout(at, text, place)) expected[at] = text;
  }
  for (const auto& [at, text] : wanted) expected[place + at] = text;
  Said found;
  for (const auto& [at, text] : *is) {
    const bool is_around = !at.starts_with(place) && IsAbout(at, text, place);
    if (!is_around) found[at] = text;
  }
  if (found != expected) return odd;
  return Ok{};
}

// The part of a text that an edit is about: as far as the keys are there.
struct Found {
  Entries around;              // the entries of the mapping that the last key that was looked for would be in
  size_t depth = 0;            // so many of the keys are there
  size_t indent = 0;           // of the entries of `around`
  std::optional<Node> node{};  // of the last key that is there; none: the document
  std::string key{};           // that one
  size_t line = 0;
};

class Editing {
 public:
  static Result<Editing> Of(std::string_view text) {
    ASSIGN_OR_RETURN(Node root, config::Parse(text, kFileName));
    return Editing(text, std::move(root));
  }

  // Goes down the keys, through mappings that are written in lines of their own.
  Result<Found> Find(const Keys& keys) const {
    Found found;
    Node at = root_;
    for (; found.depth < keys.size(); ++found.depth) {
      ASSIGN_OR_RETURN(Entries entries, at.AsEntries());
      RETURN_IF_ERROR(CheckLines(entries, found));
      if (!entries.empty()) found.indent = IndentOf(lines_.at(LineOf(entries.front().second)));
      const auto next = std::find_if(entries.begin(), entries.end(),
                                     [&](const auto& entry) { return entry.first == keys[found.depth]; });
      const bool is_there = next != entries.end();
      if (is_there) {
        at = next->second;
        found.node = at;
        found.key = next->first;
        found.line = LineOf(at);
      }
      found.around = std::move(entries);
      if (!is_there) return found;
      const bool is_last = found.depth + 1 == keys.size();
      if (!is_last && IsEmpty(at)) {
        ++found.depth;
        found.around.clear();
        found.indent += kStep;
        return found;
      }
    }
    return found;
  }

  Lines& lines() { return lines_; }
  static size_t LineOf(const Node& node) { return static_cast<size_t>(node.line()) - 1; }

  // Each on a line that begins with its key, below the one that holds them.
  Status CheckLines(const Entries& entries, const Found& holder) const {
    std::optional<size_t> indent;
    if (holder.node && !entries.empty()) {
      const auto key_end = KeyEnd(lines_.at(holder.line), holder.key);
      if (!key_end || !HoldsNothingBeside(lines_.at(holder.line), *key_end))
        return NotEditable(holder.node->line(), "it is written within braces");
    }
    for (const auto& [key, value] : entries) {
      const std::string& line = lines_.at(LineOf(value));
      if (!KeyEnd(line, key) || (indent && *indent != IndentOf(line)))
        return NotEditable(value.line(), "it isn't written a line an entry");
      indent = IndentOf(line);
    }
    return Ok{};
  }

  // A line of an entry, in place of those that it had; a comment at its end stays.
  void PutEntry(const Found& found, const std::string& key, std::string_view value) {
    const size_t end = lines_.EndOf(found.line, found.indent, Lines::What::kEntry);
    const std::string& old = lines_.at(found.line);
    std::string line = std::string(found.indent, ' ') + Scalar(key) + ": " + std::string(value);
    if (end == found.line + 1 || HoldsNothingBeside(old, KeyEnd(old, key).value_or(0))) {
      const size_t comment = CommentIn(old);
      line += old.substr(comment, old.find_last_not_of("\r\n") + 1 - comment);
    }
    lines_.Replace(found.line, end, {line});
  }

  // The keys that aren't there, each in a line within the one before, with the last line's rest.
  void AddMissing(const Found& found, const Keys& keys, const std::vector<std::string>& last) {
    size_t at = lines_.EndOfDocument();
    std::vector<std::string> added;
    if (found.around.empty() && found.node) {
      OpenEmpty(found);
      at = found.line + 1;
    } else if (!found.around.empty()) {
      const Node& sibling = found.around.back().second;
      at = lines_.EndOf(LineOf(sibling), found.indent, Lines::What::kEntry);
      if (found.depth == 0) added.emplace_back();
    }
    size_t indent = found.indent;
    for (size_t i = found.depth; i + 1 < keys.size(); ++i, indent += kStep)
      added.push_back(std::string(indent, ' ') + Scalar(keys[i]) + ":");
    for (const std::string& line : last) {
      added.push_back(std::string(indent, ' ') + line);
      indent += kStep;
    }
    lines_.Replace(at, at, added);
  }

  // "limits: {}" or "limits:" becomes "limits:", with its comment.
  void OpenEmpty(const Found& found) {
    const std::string& old = lines_.at(found.line);
    const size_t comment = CommentIn(old);
    std::string line = old.substr(0, KeyEnd(old, found.key).value_or(0));
    line += old.substr(comment, old.find_last_not_of("\r\n") + 1 - comment);
    lines_.Replace(found.line, lines_.EndOf(found.line, found.indent - kStep, Lines::What::kEntry), {line});
  }

 private:
  Editing(std::string_view text, Node root) : root_(std::move(root)), lines_(text) {}

  Node root_;
  Lines lines_;
};

Result<std::string> Finish(std::string_view before, Editing& editing, const std::string& place,
                           const Said& wanted) {
  std::string after = editing.lines().Text();
  RETURN_IF_ERROR(CheckResult(before, after, place, wanted));
  return after;
}

Result<Said> Wanted(std::string_view value) {
  // Within a list, so that a scalar is a document, too.
  ASSIGN_OR_RETURN(const Node root, config::Parse("[" + std::string(value) + "]", "the value"));
  ASSIGN_OR_RETURN(const auto items, root.AsList());
  if (items.size() != 1 || value.find('\n') != std::string_view::npos)
    return Error{ErrorCode::kInvalid, "a value is one of one line"};
  Said said;
  Flatten(items[0], "", said);
  return said;
}

Status NoSuchEntry(const Keys& keys) {
  return Error{ErrorCode::kNotFound, "the policy's text has no " + (keys.empty() ? "" : keys.back())};
}

}  // namespace

Result<std::string> SetEntry(std::string_view text, const Keys& entry, std::string_view value) {
  ASSIGN_OR_RETURN(Editing editing, Editing::Of(text));
  ASSIGN_OR_RETURN(const Said wanted, Wanted(value));
  ASSIGN_OR_RETURN(const Found found, editing.Find(entry));
  if (found.depth == entry.size()) editing.PutEntry(found, entry.back(), value);
  else editing.AddMissing(found, entry, {Scalar(entry.back()) + ": " + std::string(value)});
  return Finish(text, editing, PlaceOf(entry), wanted);
}

Result<std::string> RemoveEntry(std::string_view text, const Keys& entry) {
  ASSIGN_OR_RETURN(Editing editing, Editing::Of(text));
  ASSIGN_OR_RETURN(const Found found, editing.Find(entry));
  if (found.depth < entry.size() || !found.node) return NoSuchEntry(entry).error();
  if (found.around.size() == 1 && entry.size() > 1)
    return RemoveEntry(text, Keys(entry.begin(), entry.end() - 1));
  editing.lines().Replace(found.line, editing.lines().EndOf(found.line, found.indent, Lines::What::kEntry),
                          {});
  return Finish(text, editing, PlaceOf(entry), {});
}

Result<std::string> AppendItem(std::string_view text, const Keys& list, std::string_view value) {
  ASSIGN_OR_RETURN(Editing editing, Editing::Of(text));
  ASSIGN_OR_RETURN(const Said wanted, Wanted(value));
  ASSIGN_OR_RETURN(Found found, editing.Find(list));
  const std::string line = "- " + std::string(value);
  size_t count = 0;
  if (found.depth < list.size()) {
    editing.AddMissing(found, list, {Scalar(list.back()) + ":", line});
  } else if (IsEmpty(*found.node)) {
    found.indent += kStep;
    editing.OpenEmpty(found);
    editing.lines().Replace(found.line + 1, found.line + 1, {std::string(found.indent, ' ') + line});
  } else {
    ASSIGN_OR_RETURN(const std::vector<Node> items, found.node->AsList());
    const size_t last = Editing::LineOf(items.back());
    const size_t indent = IndentOf(editing.lines().at(last));
    if (last == found.line || !IsItem(editing.lines().at(last), indent))
      return NotEditable(found.node->line(), "it is written within brackets");
    count = items.size();
    const size_t at = editing.lines().EndOf(last, indent, Lines::What::kItem);
    editing.lines().Replace(at, at, {std::string(indent, ' ') + line});
  }
  return Finish(text, editing, PlaceOf(list) + "/[" + std::to_string(count), wanted);
}

Result<std::string> RemoveItem(std::string_view text, const Keys& list, size_t index) {
  ASSIGN_OR_RETURN(Editing editing, Editing::Of(text));
  ASSIGN_OR_RETURN(const Found found, editing.Find(list));
  if (found.depth < list.size() || !found.node) return NoSuchEntry(list).error();
  ASSIGN_OR_RETURN(const std::vector<Node> items, found.node->AsList());
  if (index >= items.size()) return NoSuchEntry(list).error();
  if (items.size() == 1) return RemoveEntry(text, list);
  const size_t begin = Editing::LineOf(items[index]);
  const size_t indent = IndentOf(editing.lines().at(begin));
  if (begin == found.line || !IsItem(editing.lines().at(begin), indent))
    return NotEditable(found.node->line(), "it is written within brackets");
  editing.lines().Replace(begin, editing.lines().EndOf(begin, indent, Lines::What::kItem), {});
  // The list without it, in its place.
  Said wanted;
  for (size_t i = 0, place = 0; i < items.size(); ++i) {
    if (i != index) Flatten(items[i], "/[" + std::to_string(place++), wanted);
  }
  return Finish(text, editing, PlaceOf(list), wanted);
}

std::string Scalar(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._@+/-").find(c) != std::string_view::npos;
  };
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), is_plain) &&
                       std::string_view("._@+/-").find(text.front()) == std::string_view::npos;
  const bool means_nothing = text == "null" || text == "Null" || text == "NULL";
  return is_word && !means_nothing ? std::string(text) : JsonString(text);
}

std::string Moment(int64_t seconds, const wire::TimeZone& zone) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  for (const int days : {0, 1}) {
    const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(time) + std::chrono::days(days);
    if (policy::BeginOfDay(zone, std::chrono::year_month_day(day)) == seconds)
      return FormatRfc3339(WallTime(day)).substr(0, 10);
  }
  return FormatRfc3339(WallTime(time)).substr(0, 19) + "Z";
}

}  // namespace postern::policies
