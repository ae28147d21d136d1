#include "agent/screening/place.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>

#include "agent/dialect/plain_text.h"

namespace postern::screening {
namespace {

using dialect::JsonCursor;
using dialect::JsonKind;

constexpr size_t kMostName = 128;
constexpr size_t kMostPath = 512;
constexpr size_t kMostId = 256;

// Parts of a request that are known by their key; what else there is, is "other".
constexpr std::string_view kParts[] = {"metadata",  "tool_choice",        "mcp_servers",  "stop_sequences",
                                       "container", "context_management", "output_config"};

// What a tool's input calls a file.
struct InputPath {
  std::string path;
  secrets::Span at;
  bool is_whole = false;  // nothing of it was cut off
};

// By which field of their input Claude Code's own tools are told their file.
enum Field : size_t { kFilePath, kNotebookPath, kPath, kFields };
constexpr std::string_view kFieldNames[kFields] = {"file_path", "notebook_path", "path"};
constexpr std::pair<std::string_view, Field> kFileTools[] = {{"Read", kFilePath},
                                                             {"Write", kFilePath},
                                                             {"Edit", kFilePath},
                                                             {"MultiEdit", kFilePath},
                                                             {"NotebookEdit", kNotebookPath},
                                                             {"NotebookRead", kNotebookPath},
                                                             {"Grep", kPath},
                                                             {"Glob", kPath},
                                                             {"LS", kPath}};

// A tool that was called: how it is called, and on which file.
struct Use {
  std::string tool;
  InputPath file;
  bool is_its_file = false;
  NamesAt names;
};

// What a block says of itself, wherever in it.
struct Block {
  std::string type;
  bool thinking = false;  // a type says so, be it one of several
  std::string name, id, tool_use_id;
  secrets::Span name_at;
  std::array<InputPath, kFields> paths;
  bool is_encoded = false;
};

// Of an own tool the file under its own field counts, of another any.
Use UseOf(Block& block) {
  Use use{.tool = block.name, .file = {}, .is_its_file = false, .names = {.tool = block.name_at, .path = {}}};
  for (const auto& [tool, field] : kFileTools) {
    if (block.name != tool) continue;
    use.file = std::move(block.paths[field]);
    use.is_its_file = use.file.is_whole;
  }
  for (InputPath& path : block.paths) {
    if (use.file.path.empty()) use.file = std::move(path);
  }
  use.names.path = use.file.at;
  return use;
}

std::string PartOf(const Block& block) {
  if (block.thinking) return "thinking";
  if (block.type.ends_with("tool_use")) return "tool_input";
  if (block.type.ends_with("tool_result")) return "tool_result";
  if (block.type == "text" || block.type == "document" || block.type == "image") return block.type;
  return "other";
}

}  // namespace

bool IsSigned(const Place& place) { return place.part == "thinking"; }

class Places::Reader {
 public:
  Reader(JsonCursor& json, Places& places) : json_(json), places_(places) {}

  bool Read(std::string_view body) {
    if (!json_.Open(body) || !json_.EnterObject()) return json_.Finish() && false;
    std::string_view key;
    while (json_.NextMember(key)) {
      if (key == "messages") {
        Messages();
      } else if (key == "system") {
        Content({.part = "system"}, "system");
      } else if (key == "tools") {
        Tools();
      } else {
        Place place;
        if (std::find(std::begin(kParts), std::end(kParts), key) != std::end(kParts)) place.part = key;
        Whole(std::move(place));
      }
    }
    return json_.Finish();
  }

 private:
  // The next value, all of it in one place.
  void Whole(Place place) {
    const size_t begin = json_.position();
    json_.Skip();
    Add(begin, std::move(place));
  }

  void Add(size_t begin, Place place, NamesAt names = {}) {
    places_.stretches_.push_back({begin, json_.position(), std::move(place), names});
  }

  void Messages() {
    if (json_.Peek() != JsonKind::kArray) return Whole({});
    json_.EnterArray();
    for (uint32_t index = 0; json_.NextElement(); ++index) {
      if (json_.Peek() != JsonKind::kObject) {
        Whole({.message = index});
        continue;
      }
      json_.EnterObject();
      std::string_view key;
      while (json_.NextMember(key)) {
        if (key == "content") Content({.part = "text", .message = index}, "");
        else Whole({.message = index});
      }
    }
  }

  // A text, or a list of blocks; `part`: of all of them, or empty where it is their own.
  void Content(const Place& base, std::string_view part) {
    if (json_.Peek() != JsonKind::kArray) return Whole(base);
    json_.EnterArray();
    for (uint32_t index = 0; json_.NextElement(); ++index) {
      Place place = base;
      place.block = index;
      if (json_.Peek() == JsonKind::kObject) OneBlock(std::move(place), part);
      else Whole(std::move(place));
    }
  }

  void OneBlock(Place place, std::string_view part) {
    const size_t begin = json_.position();
    Block block = ReadBlock();
    place.part = part.empty() || block.thinking ? PartOf(block) : std::string(part);
    place.is_encoded = block.is_encoded;
    Use use;
    if (place.part == "tool_input") {
      use = UseOf(block);
      if (!block.id.empty()) uses_[block.id] = use;
    } else if (place.part == "tool_result") {
      if (const auto used = uses_.find(block.tool_use_id); used != uses_.end()) use = used->second;
    }
    place.tool = std::move(use.tool);
    place.path = std::move(use.file.path);
    place.is_its_file = use.is_its_file;
    Add(begin, std::move(place), use.names);
  }

  Block ReadBlock() {
    Block block;
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      if (json_.Peek() == JsonKind::kObject && key == "input") {
        ReadPaths(block.paths);
        continue;
      }
      if (key == "source") {
        ReadSource(block);
        continue;
      }
      std::string* const word = WordOf(key, block);
      if (word == nullptr || json_.Peek() != JsonKind::kString) {
        json_.Skip();
        continue;
      }
      const size_t begin = json_.position();
      const auto text = json_.TakeString();
      if (!text) break;
      *word = word == &block.name ? Plain(*text, kMostName) : text->Decode(kMostId).value_or("");
      if (word == &block.name) block.name_at = {begin, begin + text->raw.size() + 2};
      block.thinking = block.thinking || block.type.ends_with("thinking");
    }
    return block;
  }

  static std::string* WordOf(std::string_view key, Block& block) {
    if (key == "type") return &block.type;
    if (key == "name") return &block.name;
    if (key == "id") return &block.id;
    return key == "tool_use_id" ? &block.tool_use_id : nullptr;
  }

  void ReadSource(Block& block) {
    dialect::ReadMembers(json_, [&](std::string_view key) {
      if (key != "type" || json_.Peek() != JsonKind::kString) {
        json_.Skip();
      } else if (const auto text = json_.TakeString()) {
        block.is_encoded = block.is_encoded || text->Decode(kMostId) == "base64";
      }
    });
  }

  // The files that a tool's input names, as Claude Code's tools do.
  void ReadPaths(std::array<InputPath, kFields>& paths) {
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      const auto field = std::find(std::begin(kFieldNames), std::end(kFieldNames), key);
      if (field == std::end(kFieldNames) || json_.Peek() != JsonKind::kString) {
        json_.Skip();
        continue;
      }
      const size_t begin = json_.position();
      const auto text = json_.TakeString();
      if (!text) break;
      const std::string path = Plain(*text, kMostPath);
      paths[static_cast<size_t>(field - std::begin(kFieldNames))] = {
          .path = std::filesystem::path(path).lexically_normal().string(),
          .at = {begin, begin + text->raw.size() + 2},
          .is_whole = text->Decode(kMostPath).has_value()};
    }
  }

  void Tools() {
    if (json_.Peek() != JsonKind::kArray) return Whole({.part = "tools"});
    json_.EnterArray();
    for (uint32_t index = 0; json_.NextElement(); ++index) {
      if (json_.Peek() != JsonKind::kObject) {
        Whole({.part = "tools", .block = index});
        continue;
      }
      const size_t begin = json_.position();
      Block tool = ReadBlock();
      Add(begin, {.part = "tools", .block = index, .tool = std::move(tool.name)}, {.tool = tool.name_at});
    }
  }

  static std::string Plain(const dialect::JsonString& text, size_t most) {
    std::string word;
    dialect::AssignPlain(word, text, most);
    return word;
  }

  JsonCursor& json_;
  Places& places_;
  std::unordered_map<std::string, Use> uses_;  // by their ids
};

Result<Places> Places::Of(std::string_view body, dialect::JsonCursor& json) {
  Places places;
  if (!Reader(json, places).Read(body))
    return Error{ErrorCode::kInvalid, "it is no request that can be read"};
  return places;
}

const Places::Stretch& Places::StretchOf(size_t offset) const {
  const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), offset,
                                      [](size_t at, const Stretch& stretch) { return at < stretch.begin; });
  if (after == stretches_.begin()) return elsewhere_;
  const Stretch& stretch = *std::prev(after);
  return offset < stretch.end ? stretch : elsewhere_;
}

const Place& Places::At(size_t offset) const { return StretchOf(offset).place; }
const NamesAt& Places::NamesOf(size_t offset) const { return StretchOf(offset).names; }

}  // namespace postern::screening
