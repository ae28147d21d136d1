// TOML to Document. The only file that includes toml++: its exceptions end here.
#include <algorithm>
#include <charconv>
#include <sstream>

#include <toml++/toml.h>

#include "shared/config/document.h"
#include "shared/config/node.h"

namespace postern::config {
namespace {

Error NotRead(std::string_view name, int line, std::string why) {
  for (char& c : why) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return Error{ErrorCode::kInvalid, std::string(name) + ":" + std::to_string(line) + ": " + why};
}

bool IsOfKey(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '"' || c == '\'';
}

// The line of a key of more parts than a file may be deep. The parser makes a table of each part and, in the
// end, unmakes them one within the other on the stack: so this must be known beforehand.
std::optional<int> LineOfDeepKey(std::string_view text) {
  int line = 1;
  size_t parts = 0;
  char before = 0;      // the last character that is no blank
  bool joined = false;  // and it is a dot after a part
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == ' ' || c == '\t') continue;
    if (c == '.' && IsOfKey(before)) {
      joined = true;
    } else if (IsOfKey(c)) {
      if (joined && ++parts > kMaxDepth) return line;
      joined = false;
    } else {
      joined = false;
      parts = 0;
    }
    before = c;
  }
  return std::nullopt;
}

std::string TextOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) {
    char digits[400];  // of the longest double, 1.8e308, all are written
    const auto end =
        std::to_chars(digits, digits + sizeof digits, number->get(), std::chars_format::fixed).ptr;
    return std::string(digits, end);
  }
  std::ostringstream out;
  if (const auto* date = node.as_date()) out << date->get();
  if (const auto* time = node.as_time()) out << time->get();
  if (const auto* moment = node.as_date_time()) out << moment->get();
  return out.str();
}

// Copies toml++'s tree, which is bounded in depth by its parser, in the order of the file.
class Copier {
 public:
  explicit Copier(Document& document) : document_(document) {}

  Status CopyRoot(const toml::table& root) {
    Value& value = document_.values.emplace_back();
    value.document = &document_;
    return CopyTable(root, value, 1);
  }

 private:
  Status CopyTable(const toml::table& table, Value& value, size_t depth) {
    value.kind = Value::Kind::kMap;
    std::vector<std::pair<const toml::key*, const toml::node*>> fields;
    for (const auto& [key, node] : table) fields.emplace_back(&key, &node);
    std::stable_sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) {
      const auto &left = a.first->source().begin, &right = b.first->source().begin;
      return std::pair(left.line, left.column) < std::pair(right.line, right.column);
    });
    for (const auto& [key, node] : fields) {
      const int line = static_cast<int>(key->source().begin.line);
      RETURN_IF_ERROR(CopyInto(value, *node, line, std::string(key->str()), depth));
    }
    return Ok{};
  }

  Status CopyInto(Value& parent, const toml::node& node, int line, std::string key, size_t depth) {
    if (document_.values.size() >= kMaxValues)
      return NotRead(document_.name, line, "the file holds too many values");
    if (depth >= kMaxDepth) return NotRead(document_.name, line, "the file is nested too deeply");
    Value& value = document_.values.emplace_back();
    value.document = &document_;
    value.parent = &parent;
    value.index = parent.children.size();
    value.key = std::move(key);
    value.line = line > 0 ? line : parent.line;
    parent.children.push_back(&value);
    if (const auto* table = node.as_table()) return CopyTable(*table, value, depth + 1);
    if (const auto* list = node.as_array()) {
      value.kind = Value::Kind::kList;
      for (const toml::node& item : *list)
        RETURN_IF_ERROR(CopyInto(value, item, static_cast<int>(item.source().begin.line), "", depth + 1));
      return Ok{};
    }
    value.kind = Value::Kind::kScalar;
    value.text = TextOf(node);
    return Ok{};
  }

  Document& document_;
};

}  // namespace

Result<Node> ParseToml(std::string_view text, std::string_view name) {
  if (text.size() > kMaxFileBytes) return NotRead(name, 1, "the file is larger than 4 MB");
  if (const auto line = LineOfDeepKey(text)) return NotRead(name, *line, "the file is nested too deeply");
  const auto document = std::make_shared<Document>();
  document->name = name;
  try {
    const toml::table root = toml::parse(text);
    RETURN_IF_ERROR(Copier(*document).CopyRoot(root));
  } catch (const toml::parse_error& e) {
    return NotRead(name, std::max(1, static_cast<int>(e.source().begin.line)), std::string(e.description()));
  } catch (const std::exception&) {
    return NotRead(name, 1, "the file can't be parsed");
  }
  return Node(std::shared_ptr<const Value>(document, &document->values.front()));
}

}  // namespace postern::config
