// Text to Document. The only file that includes yaml-cpp: its exceptions end here.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <system_error>
#include <unordered_map>

#include <fcntl.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "shared/config/document.h"
#include "shared/config/node.h"

namespace postern::config {
namespace {

// Builds a Document from yaml-cpp's events. It leaves by yaml-cpp's own exception, which is the only way to
// stop the parser: the bound on depth must hold before its recursion goes deeper.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Stop(mark, "a file holds one document, this is a second one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (IsKeyNext()) Stop(mark, "a key is missing before \":\"");
    Add(mark, "", anchor, Value::Kind::kNothing);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Stop(mark, "aliases (*) are not allowed"); }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    Stop(mark, "anchors (&) are not allowed");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!IsKeyNext()) {
      Add(mark, tag, anchor, Value::Kind::kScalar)->text = text;
      return;
    }
    RefuseTag(mark, tag, anchor);
    Level& level = levels_.back();
    const auto [first, is_new] = level.first_lines.emplace(text, mark.line + 1);
    if (!is_new) Stop(mark, "a key is given twice, first on line " + std::to_string(first->second));
    level.key = text;
    level.key_line = mark.line + 1;
    level.has_key = true;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Value::Kind::kList);
  }
  void OnSequenceEnd() override { levels_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, Value::Kind::kMap);
  }
  void OnMapEnd() override { levels_.pop_back(); }

 private:
  // A list or mapping that has been begun and not ended.
  struct Level {
    Value* value;
    std::unordered_map<std::string, int> first_lines;  // of the keys so far
    std::string key;                                   // the last one
    int key_line = 0;
    bool has_key = false;  // and its value is still to come
  };

  [[noreturn]] static void Stop(const YAML::Mark& mark, const std::string& sentence) {
    throw YAML::ParserException(mark, sentence);
  }

  bool IsKeyNext() const {
    return !levels_.empty() && levels_.back().value->kind == Value::Kind::kMap && !levels_.back().has_key;
  }

  // "?" and "!" are how yaml-cpp says plain and quoted.
  static void RefuseTag(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) Stop(mark, "anchors (&) are not allowed");
    if (!tag.empty() && tag != "?" && tag != "!") Stop(mark, "tags (!) are not allowed");
  }

  Value* Add(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Value::Kind kind) {
    RefuseTag(mark, tag, anchor);
    if (document_.values.size() >= kMaxValues) Stop(mark, "the file holds too many values");
    Value& value = document_.values.emplace_back();
    value.kind = kind;
    value.line = mark.line + 1;
    value.document = &document_;
    if (levels_.empty()) return &value;
    Level& level = levels_.back();
    value.parent = level.value;
    value.index = level.value->children.size();
    if (level.has_key) {
      value.key = level.key;
      value.line = level.key_line;
      level.has_key = false;
    }
    level.value->children.push_back(&value);
    return &value;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Value::Kind kind) {
    if (IsKeyNext()) Stop(mark, "a key is a word, not a list or a mapping");
    if (levels_.size() >= kMaxDepth) Stop(mark, "the file is nested too deeply");
    levels_.push_back(Level{.value = Add(mark, tag, anchor, kind), .first_lines = {}, .key = {}});
  }

  Document& document_;
  std::vector<Level> levels_;
  int documents_ = 0;
};

// yaml-cpp repeats the character that it can't understand, which may be anything.
Error NotRead(std::string_view name, int line, std::string why) {
  for (char& c : why) {
    if (c < 0x20 || c == 0x7f) c = '?';
  }
  return Error{ErrorCode::kInvalid, std::string(name) + ":" + std::to_string(line) + ": " + why};
}

Status Build(std::string_view text, Document& document) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document);
    while (parser.HandleNextDocument(builder)) {
    }
    return Ok{};
  } catch (const YAML::Exception& e) {
    return NotRead(document.name, std::max(e.mark.line, 0) + 1, e.msg);
  } catch (const std::exception&) {
    return NotRead(document.name, 1, "the file can't be parsed");
  }
}

}  // namespace

Result<Node> Parse(std::string_view text, std::string_view name) {
  if (text.size() > kMaxFileBytes) return NotRead(name, 1, "the file is larger than 4 MB");
  const auto document = std::make_shared<Document>();
  document->name = name;
  RETURN_IF_ERROR(Build(text, *document));
  if (document->values.empty()) document->values.emplace_back().document = document.get();
  Value& root = document->values.front();
  if (root.kind == Value::Kind::kNothing) root.kind = Value::Kind::kMap;
  return Node(std::shared_ptr<const Value>(document, &root));
}

Result<Node> ParseFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Error{ErrorCode::kNotFound, path + ": can't be opened: " + std::generic_category().message(errno)};
  }
  std::string text;
  ssize_t got = 0;
  int error = 0;
  do {
    constexpr size_t kStep = 65536;
    const size_t size = text.size();
    text.resize(size + kStep);
    got = read(fd, text.data() + size, kStep);
    error = errno;
    text.resize(size + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  } while ((got > 0 && text.size() <= kMaxFileBytes) || (got < 0 && error == EINTR));
  close(fd);
  if (got < 0) {
    return Error{ErrorCode::kNotFound, path + ": can't be read: " + std::generic_category().message(error)};
  }
  return Parse(text, path);
}

}  // namespace postern::config
