// What a value is for by where it stands in a request of the Messages API: what no person reads stays out of
// the view (linear_view.h). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::secrets {

// Where in a request of the Messages API a value stands, and what the object around it says that it is, as
// far as that matters to what is passed over.
enum class ViewRole : uint8_t { kOther, kToolInput, kBlocks, kBlock, kSource };
enum class BlockType : uint8_t {
  kOther,
  kBase64,
  kThinking,
  kRedactedThinking,
  kToolUse,
  kToolResult,
  kWebSearchResult,
};

// A list or an object that has begun and not ended.
struct OpenValue {
  bool is_list = false;
  ViewRole role = ViewRole::kOther;  // of its elements, or its own
  BlockType type = BlockType::kOther;
  bool has_type = false;  // so far
  bool has_media_type = false;
  size_t told_at = 0;  // bytes of the text by which its type was told
};

// Of what stands under this key in a value of this role.
ViewRole RoleOf(ViewRole outer, std::string_view key);

// Whether a string under this key of the object is for machines alone.
bool IsForMachines(const OpenValue& object, std::string_view key);

// By the field "type" of the object that begins here, and the media type of a source: its type, and by which
// byte it is told. What is in base 64 and neither a picture nor a PDF is as any other text.
void TellType(std::string_view text, size_t begin, OpenValue& object);

// Another member with this key, as it stands between its quotes. False where that tells the type again: of
// two it isn't known which one counts for whoever reads it.
bool TakesKey(OpenValue& object, std::string_view key);

// The quote that ends the string that begins here; npos: none does.
size_t StringEnd(std::string_view text, size_t begin);

}  // namespace postern::secrets
