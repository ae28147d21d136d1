#include "agent/dialect/messages_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/dialect/client_headers.h"
#include "agent/dialect/plain_text.h"

namespace postern::dialect {
namespace {

constexpr size_t kLongestModel = 256;
constexpr size_t kLongestToolName = 128;
constexpr size_t kLongestWord = 64;
constexpr size_t kLongestUserId = 4096;
constexpr size_t kMostTools = 10'000;

// Keys that are read. Those before kMessages decide permission or price and may stand only once.
enum Key : size_t {
  kModel,
  kStream,
  kMaxTokens,
  kTools,
  kMcpServers,
  kSpeed,
  kInferenceGeo,
  kServiceTier,
  kThinking,
  kToolChoice,
  kMessages,
  kSystem,
  kMetadata,
  kKeys
};
static_assert(kKeys <= decltype(RequestBeginning::seen)().size());

constexpr std::array<std::string_view, kKeys> kNames = {
    "model",        "stream",   "max_tokens",  "tools",    "mcp_servers", "speed",   "inference_geo",
    "service_tier", "thinking", "tool_choice", "messages", "system",      "metadata"};

bool SameButForCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
         });
}

// The key that `text` means to a reader that ignores letter case, or kKeys.
Key Find(std::string_view text) {
  for (size_t key = 0; key < kKeys; ++key) {
    if (SameButForCase(text, kNames[key])) return static_cast<Key>(key);
  }
  return kKeys;
}

// One reading of one body.
class Reading {
 public:
  explicit Reading(JsonCursor& json) : json_(json) {}

  // Leaves what it meets before and among the messages.
  void Note(RequestBeginning& beginning) { beginning_ = &beginning; }

  // From the last point on that was left; the first ones are left as they are.
  Result<RequestFacts> GoOn(std::string_view body) {
    facts_ = beginning_->facts;
    seen_ = beginning_->seen;
    user_id_ = beginning_->user_id;
    session_id_ = beginning_->session_id;
    facts_.message_count = beginning_->points.back().messages;
    body_ = body;
    return Judged(ReadBodyFrom(beginning_->points.back().at));
  }

  Result<RequestFacts> Run(std::string_view body) {
    body_ = body;
    return Judged(ReadBody(body));
  }

 private:
  Result<RequestFacts> Judged(const Status& status) {
    // Broken text explains whatever else was found; but a reading that was given up early leaves sound text
    // behind.
    const bool broken = json_.failure() != JsonFailure::kNone;
    const bool complete = json_.Finish();
    if (broken || (status && !complete)) return Malformed();
    RETURN_IF_ERROR(status);
    if (!seen_[kModel]) return Error{ErrorCode::kInvalid, "The request body names no model."};
    facts_.session_id = SessionId();
    return std::move(facts_);
  }

  static Error Wrong(Key key, std::string_view trouble) {
    return {ErrorCode::kInvalid,
            "The request body's \"" + std::string(kNames[key]) + "\" " + std::string(trouble) + "."};
  }

  Error Malformed() const {
    switch (json_.failure()) {
      case JsonFailure::kNotUtf8: return {ErrorCode::kInvalid, "The request body is not valid UTF-8."};
      case JsonFailure::kTooDeep: return {ErrorCode::kInvalid, "The request body is nested too deeply."};
      default: return {ErrorCode::kInvalid, "The request body is not valid JSON."};
    }
  }

  Status ReadBody(std::string_view body) {
    if (!json_.Open(body)) return Ok{};  // Judged explains
    if (json_.Peek() != JsonKind::kObject) {
      json_.Skip();
      return Error{ErrorCode::kInvalid, "The request body is not a JSON object."};
    }
    json_.EnterObject();
    return ReadBodyMembers();
  }

  // In the middle of the messages. A comma stood before: what comes must be one.
  Status ReadBodyFrom(size_t at) {
    constexpr size_t kDepth = 2;                            // the body and its messages
    if (!json_.OpenWithin(body_, at, kDepth)) return Ok{};  // Judged explains
    json_.Skip();
    ++facts_.message_count;
    CountMessages();
    return ReadBodyMembers();
  }

  Status ReadBodyMembers() {
    std::string_view text;
    while (json_.NextMember(text)) RETURN_IF_ERROR(ReadMember(text));
    return Ok{};
  }

  Status ReadMember(std::string_view text) {
    const Key key = Find(text);
    const bool decides = key < kMessages;
    if (key == kKeys || (!decides && text != kNames[key])) return Passed();
    if (text != kNames[key]) return Wrong(key, "is spelt with capital letters");
    if (seen_[key]) {
      if (decides) return Wrong(key, "is given twice");
      facts_.repeated_keys = true;
    }
    seen_[key] = true;
    if (json_.Peek() == JsonKind::kNull && key != kModel) return Passed();
    return ReadValue(key);
  }

  Status ReadValue(Key key) {
    switch (key) {
      case kModel: return ReadModel();
      case kStream: return ReadStream();
      case kMaxTokens: return ReadCount(key, facts_.max_tokens, facts_.places.max_tokens);
      case kTools: return ReadTools();
      case kMcpServers: return CountElements(key, facts_.mcp_server_count);
      case kSpeed: return ReadWord(key, facts_.speed);
      case kInferenceGeo: return ReadWord(key, facts_.inference_geo);
      case kServiceTier: return ReadWord(key, facts_.service_tier);
      case kThinking: return ReadThinking();
      case kToolChoice: return ReadToolChoice();
      case kMessages: return ReadMessages();
      case kMetadata: return ReadMetadata();
      default: return Passed();
    }
  }

  // A failure inside a value that isn't needed is told by Run.
  Status Passed() {
    json_.Skip();
    return Ok{};
  }

  Status ReadModel() {
    const auto model = json_.Peek() == JsonKind::kString ? json_.TakeString() : std::nullopt;
    if (!model) return Wrong(kModel, "is not a string");
    auto name = model->Decode(kLongestModel);
    if (!name || !IsPlain(*name, kLongestModel)) return Wrong(kModel, "is not the name of a model");
    facts_.model = *std::move(name);
    return Ok{};
  }

  Status ReadStream() {
    const JsonKind kind = json_.Peek();
    if (kind != JsonKind::kTrue && kind != JsonKind::kFalse)
      return Wrong(kStream, "is neither true nor false");
    facts_.stream = kind == JsonKind::kTrue;
    return Passed();
  }

  Status ReadCount(Key key, std::optional<int64_t>& count, BodyRange& place) {
    const auto number = json_.Peek() == JsonKind::kNumber ? json_.TakeNumber() : std::nullopt;
    if (!number || number->find_first_not_of("0123456789") != std::string_view::npos) {
      return Wrong(key, "is not a whole number");
    }
    count = CountFromNumber(*number);
    place.begin = static_cast<size_t>(number->data() - body_.data());
    place.end = place.begin + number->size();
    return Ok{};
  }

  Status ReadWord(Key key, std::string& word) {
    const auto text = json_.Peek() == JsonKind::kString ? json_.TakeString() : std::nullopt;
    const auto decoded = text ? text->Decode(kLongestWord) : std::nullopt;
    if (!decoded) return Wrong(key, "is not a short string");
    word = MadePlain(*decoded, kLongestWord);
    return Ok{};
  }

  Status CountElements(Key key, int64_t& count) {
    if (json_.Peek() != JsonKind::kArray) return Wrong(key, "is not a list");
    json_.EnterArray();
    for (; json_.NextElement(); ++count) json_.Skip();
    return Ok{};
  }

  Status ReadMessages() {
    if (json_.Peek() != JsonKind::kArray) return Wrong(kMessages, "is not a list");
    if (beginning_ != nullptr)
      *beginning_ = {
          .facts = facts_, .seen = seen_, .user_id = user_id_, .session_id = session_id_, .points = {}};
    json_.EnterArray();
    if (!json_.NextElement()) return Ok{};
    json_.Skip();
    ++facts_.message_count;
    CountMessages();
    return Ok{};
  }

  // Those behind the first one.
  void CountMessages() {
    for (; json_.NextElement(); ++facts_.message_count) {
      NotePoint();
      json_.Skip();
    }
  }

  void NotePoint() {
    if (beginning_ == nullptr) return;
    auto& points = beginning_->points;
    constexpr auto kMost = static_cast<std::ptrdiff_t>(RequestBeginning::kMostPoints);
    if (points.size() == 2 * RequestBeginning::kMostPoints)
      points.erase(points.begin(), points.begin() + kMost);
    points.push_back({json_.position(), facts_.message_count});
  }

  Status ReadTools() {
    if (json_.Peek() != JsonKind::kArray) return Wrong(kTools, "is not a list");
    json_.EnterArray();
    while (json_.NextElement()) {
      if (facts_.tools.size() == kMostTools) return Wrong(kTools, "has too many entries");
      if (json_.Peek() != JsonKind::kObject) return Wrong(kTools, "has an entry that is not an object");
      RETURN_IF_ERROR(ReadTool(facts_.tools.emplace_back(), facts_.places.tools.emplace_back()));
    }
    return Ok{};
  }

  Status ReadTool(RequestTool& tool, ToolPlace& place) {
    bool has_name = false;
    bool has_type = false;
    place.whole.begin = json_.position();
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      const bool is_name = key == "name";
      if (!is_name && key != "type") {
        ReadToolExtra(key, place);
        continue;
      }
      if (std::exchange(is_name ? has_name : has_type, true)) {
        return Wrong(kTools, "has an entry with two names or two types");
      }
      if (json_.Peek() == JsonKind::kNull) {
        json_.Skip();
        continue;
      }
      const auto text = json_.Peek() == JsonKind::kString ? json_.TakeString() : std::nullopt;
      if (!text) return Wrong(kTools, "has an entry whose name or type is not a string");
      const size_t most = is_name ? kLongestToolName : kLongestWord;
      const auto decoded = text->Decode(most);
      if (!decoded) return Wrong(kTools, "has an entry whose name or type is too long");
      (is_name ? tool.name : tool.type) = MadePlain(*decoded, most);
    }
    place.whole.end = json_.taken() + 1;
    return Ok{};
  }

  // What an edit has to know of a tool besides its name.
  void ReadToolExtra(std::string_view key, ToolPlace& place) {
    const JsonKind kind = json_.Peek();
    const size_t begin = json_.position();
    json_.Skip();
    if (key == "cache_control") {
      place.cache_mark = kind == JsonKind::kObject ? BodyRange{begin, json_.taken() + 1} : BodyRange{};
    } else if (key == "defer_loading") {
      place.deferred = kind == JsonKind::kTrue;
    }
  }

  Status ReadToolChoice() {
    if (json_.Peek() != JsonKind::kObject) return Wrong(kToolChoice, "is not an object");
    BodyRange& place = facts_.places.tool_choice;
    const size_t before = json_.taken(2);  // its comma, or the body's bracket
    place.begin = json_.taken(1);
    RETURN_IF_ERROR(ReadChoice());
    place.end = json_.taken() + 1;
    const size_t next = json_.position();
    if (next < body_.size() && body_[next] == ',') {
      place.end = next + 1;
    } else {
      place.begin = before;
    }
    return Ok{};
  }

  Status ReadChoice() {
    bool has_name = false;
    bool has_type = false;
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      const bool is_name = key == "name";
      if (!is_name && key != "type") {
        json_.Skip();
        continue;
      }
      if (std::exchange(is_name ? has_name : has_type, true))
        return Wrong(kToolChoice, "has two names or two types");
      const auto text = json_.Peek() == JsonKind::kString ? json_.TakeString() : std::nullopt;
      const size_t most = is_name ? kLongestToolName : kLongestWord;
      const auto decoded = text ? text->Decode(most) : std::nullopt;
      if (!decoded) return Wrong(kToolChoice, "has a name or type that is not a short string");
      (is_name ? facts_.forced_tool : facts_.tool_choice) = MadePlain(*decoded, most);
    }
    return Ok{};
  }

  Status ReadThinking() {
    if (json_.Peek() != JsonKind::kObject) return Wrong(kThinking, "is not an object");
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "type") {
        RETURN_IF_ERROR(ReadWord(kThinking, facts_.thinking));
      } else if (key == "budget_tokens" && json_.Peek() == JsonKind::kNumber) {
        RETURN_IF_ERROR(ReadCount(kThinking, facts_.thinking_budget, facts_.places.thinking_budget));
      } else {
        json_.Skip();
      }
    }
    return Ok{};
  }

  Status ReadMetadata() {
    if (json_.Peek() != JsonKind::kObject) return Passed();
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key != "user_id" || json_.Peek() == JsonKind::kNull) {
        json_.Skip();
      } else if (json_.Peek() == JsonKind::kString) {
        user_id_ = json_.TakeString()->Decode(kLongestUserId).value_or("");
      } else {
        ReadSessionId();
      }
    }
    return Ok{};
  }

  // The value is an object with a session_id, or anything else.
  void ReadSessionId() {
    if (json_.Peek() != JsonKind::kObject) {
      json_.Skip();
      return;
    }
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "session_id" && json_.Peek() == JsonKind::kString) {
        session_id_ = json_.TakeString()->Decode(kLongestWord).value_or("");
      } else {
        json_.Skip();
      }
    }
  }

  // Clients have written user_id as a JSON string that holds an object, and before that as
  // "user_…_session_<id>".
  std::string SessionId() {
    constexpr std::string_view kMark = "_session_";
    if (user_id_.starts_with('{')) {
      if (json_.Open(user_id_)) ReadSessionId();
      if (!json_.Finish()) session_id_.clear();
    } else if (const size_t at = user_id_.rfind(kMark); at != std::string::npos) {
      session_id_ = user_id_.substr(at + kMark.size());
    }
    return IsClientId(session_id_) ? std::move(session_id_) : std::string();
  }

  JsonCursor& json_;
  std::string_view body_;
  RequestFacts facts_;
  std::bitset<16> seen_;
  RequestBeginning* beginning_ = nullptr;
  std::string user_id_;
  std::string session_id_;
};

}  // namespace

bool RequestTool::RunsAtProvider() const {
  static constexpr std::array<std::string_view, 4> kRunByClient = {"bash_", "text_editor_", "computer_",
                                                                   "memory_"};
  if (type.empty() || type == "custom") return false;
  return std::none_of(kRunByClient.begin(), kRunByClient.end(),
                      [this](std::string_view prefix) { return type.starts_with(prefix); });
}

Result<RequestFacts> ReadMessagesRequest(std::string_view body, JsonCursor& json) {
  return Reading(json).Run(body);
}

Result<RequestFacts> ReadMessagesRequest(std::string_view body, JsonCursor& json, size_t same,
                                         RequestBeginning& beginning) {
  std::erase_if(beginning.points, [same](const RequestBeginning::Point& point) { return point.at > same; });
  Reading reading(json);
  reading.Note(beginning);
  auto facts = beginning.points.empty() ? reading.Run(body) : reading.GoOn(body);
  if (!facts) beginning = {};
  return facts;
}

}  // namespace postern::dialect
