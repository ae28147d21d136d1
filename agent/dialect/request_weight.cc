#include "agent/dialect/request_weight.h"

#include <algorithm>
#include <string>

namespace postern::dialect {
namespace {

constexpr size_t kLongestWord = 64;

// One weighing of one body.
class Weighing {
 public:
  explicit Weighing(JsonCursor& json) : json_(json) {}

  RequestWeight Run(std::string_view body) {
    if (json_.Open(body) && json_.EnterObject()) {
      std::string_view key;
      while (json_.NextMember(key)) ReadMember(key);
    }
    if (!json_.Finish()) weight_ = RequestWeight();
    weight_.text_bytes = body.size() - std::min<uint64_t>(weight_.text_bytes, body.size());
    return weight_;
  }

 private:
  // What a block says of itself.
  struct Block {
    std::string type{};
    std::string source{};  // the source's type
    uint64_t data = 0;     // bytes of it
    uint32_t types = 0;    // how often each was given
    uint32_t sources = 0;
    uint32_t datas = 0;
    bool has_file = false;

    bool is_plain() const { return types == 1 && sources == 1 && datas == 1; }
  };

  void ReadMember(std::string_view key) {
    if (key == "system") return ReadContent();
    if (key == "messages") {
      return ReadElements(json_, [this] {
        ReadMembers(json_, [this](std::string_view inner) {
          if (inner == "content") return ReadContent();
          json_.Skip();
        });
      });
    }
    if (key == "tools") {
      return ReadElements(json_, [this] {
        ReadMembers(json_, [this](std::string_view inner) {
          if (inner == "cache_control") return ReadMark();
          json_.Skip();
        });
      });
    }
    if (key == "cache_control") return ReadMark();
    if (key == "context_management") return ReadManagement();
    json_.Skip();
  }

  void ReadContent() {
    ReadElements(json_, [this] { ReadBlock(); });
  }

  void ReadBlock() {
    Block block;
    ReadMembers(json_, [this, &block](std::string_view key) {
      if (key == "type") {
        ++block.types;
        block.type = TakeWord();
      } else if (key == "source") {
        ++block.sources;
        ReadSource(block);
      } else if (key == "content") {
        ReadContent();
      } else if (key == "cache_control") {
        ReadMark();
      } else {
        block.has_file = block.has_file || key == "file_id";
        json_.Skip();
      }
    });
    Count(block);
  }

  void ReadSource(Block& block) {
    ReadMembers(json_, [this, &block](std::string_view key) {
      if (key == "type") {
        block.source = TakeWord();
      } else if (key == "data" && json_.Peek() == JsonKind::kString) {
        ++block.datas;
        if (const auto text = json_.TakeString()) block.data += text->raw.size();
      } else if (key == "content") {
        ReadContent();
      } else {
        json_.Skip();
      }
    });
  }

  void Count(const Block& block) {
    const bool is_picture = block.type == "image";
    if (!is_picture && block.type != "document") {
      // A container's file, or whatever a later version of the API fetches by a source.
      if (block.has_file || block.sources > 0) ++weight_.fetched;
      return;
    }
    const bool is_text = block.source == "text" || block.source == "content";
    if (block.is_plain() && !is_picture && is_text) return;
    if (block.sources == 1 && block.source == "content" && !is_picture) return;
    if (block.source != "base64") {
      ++weight_.fetched;
      return;
    }
    ++(is_picture ? weight_.pictures : weight_.documents);
    if (!is_picture) weight_.document_bytes += block.data;
    // Gathered here, and taken off the body at the end.
    if (block.is_plain()) weight_.text_bytes += block.data;
  }

  void ReadMark() {
    weight_.cached = true;
    ReadMembers(json_, [this](std::string_view key) {
      if (key != "ttl") {
        json_.Skip();
      } else if (TakeWord() == "1h") {
        weight_.cached_for_an_hour = true;
      }
    });
  }

  void ReadManagement() {
    ReadMembers(json_, [this](std::string_view key) {
      if (key != "edits") {
        json_.Skip();
        return;
      }
      ReadElements(json_, [this] {
        ReadMembers(json_, [this](std::string_view inner) {
          if (inner != "type") {
            json_.Skip();
          } else if (TakeWord().starts_with("compact")) {
            weight_.compacts = true;
          }
        });
      });
    });
  }

  std::string TakeWord() {
    const auto text = json_.Peek() == JsonKind::kString ? json_.TakeString() : std::nullopt;
    if (!text) json_.Skip();
    return text ? text->Decode(kLongestWord).value_or("") : "";
  }

  JsonCursor& json_;
  RequestWeight weight_;
};

}  // namespace

RequestWeight WeighRequest(std::string_view body, JsonCursor& json) { return Weighing(json).Run(body); }

}  // namespace postern::dialect
