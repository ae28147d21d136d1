#include <set>

#include <nlohmann/json.hpp>

#include "shared/json/node.h"
#include "shared/json/value.h"

namespace postern::json {
namespace {

// Takes the parser's words and builds the tree; says no to the first thing that is out of bounds.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const Bounds& bounds, Document& document) : bounds_(bounds), document_(document) {}

  const std::optional<std::string>& problem() const { return problem_; }

  bool null() override { return Add(Kind::kNull) != nullptr; }
  bool boolean(bool value) override {
    Node* node = Add(Kind::kBoolean);
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }
  bool number_integer(number_integer_t value) override { return AddInteger(value); }
  bool number_unsigned(number_unsigned_t value) override {
    // What doesn't fit is a number, but no whole one that anybody asks for.
    if (value > static_cast<uint64_t>(INT64_MAX))
      return AddDecimal(static_cast<double>(value), std::to_string(value));
    return AddInteger(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& digits) override {
    return AddDecimal(value, digits);
  }
  bool string(string_t& value) override {
    Node* node = Add(Kind::kText);
    if (node != nullptr) node->text = std::move(value);
    return node != nullptr;
  }
  bool binary(binary_t&) override { return Refuse("holds bytes that are no text"); }

  bool start_object(size_t) override { return Open(Kind::kObject); }
  bool key(string_t& value) override {
    // The name may be anything, and so is not shown.
    if (!names_.back().insert(value).second) return Refuse("holds an object with the same name twice");
    name_ = std::move(value);
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(Kind::kList); }
  bool end_array() override { return Close(); }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return Refuse("is not valid JSON at byte " + std::to_string(position));
  }

 private:
  bool Refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  Node* Add(Kind kind) {
    if (document_.nodes.size() >= bounds_.values) {
      Refuse("holds more than " + std::to_string(bounds_.values) + " values");
      return nullptr;
    }
    Node& node = document_.nodes.emplace_back();
    node.kind = kind;
    if (open_.empty()) return &node;
    Node& parent = *open_.back();
    node.parent = &parent;
    node.index = parent.children.size();
    node.name = std::move(name_);
    name_.clear();
    parent.children.push_back(&node);
    return &node;
  }

  bool AddInteger(int64_t value) {
    Node* node = Add(Kind::kInteger);
    if (node == nullptr) return false;
    node->integer = value;
    node->decimal = static_cast<double>(value);
    return true;
  }

  bool AddDecimal(double value, const std::string& digits) {
    Node* node = Add(Kind::kDecimal);
    if (node == nullptr) return false;
    node->decimal = value;
    node->text = digits;
    return true;
  }

  bool Open(Kind kind) {
    if (open_.size() >= bounds_.depth)
      return Refuse("is nested more than " + std::to_string(bounds_.depth) + " deep");
    Node* node = Add(kind);
    if (node == nullptr) return false;
    open_.push_back(node);
    names_.emplace_back();
    return true;
  }

  bool Close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  const Bounds bounds_;
  Document& document_;
  std::vector<Node*> open_;                   // lists and objects that are not at their end
  std::vector<std::set<std::string>> names_;  // of each of them
  std::string name_;                          // of the value that comes next
  std::optional<std::string> problem_;
};

}  // namespace

Result<Value> Parse(std::string_view text, const Bounds& bounds) {
  if (text.size() > bounds.bytes)
    return Error{ErrorCode::kInvalid, "the text is longer than " + std::to_string(bounds.bytes) + " bytes"};
  const auto document = std::make_shared<Document>();
  Builder builder(bounds, *document);
  bool whole = false;
  try {
    whole = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const nlohmann::json::exception&) {
    whole = false;
  }
  if (!whole || document->nodes.empty())
    return Error{ErrorCode::kInvalid, "the text " + builder.problem().value_or("is not valid JSON")};
  return Value(std::shared_ptr<const Node>(document, &document->nodes.front()));
}

}  // namespace postern::json
