// What a request's tokens are estimated from and bounded by: how much of it is text, and what else it holds.
//
// Pictures and documents are told from text by where they stand, not by how they look: only a block of
// `system`, of a message's content, of a tool's result or of a document's content is one. So nobody can pass
// text off as a picture by putting it into a tool's input. A block that could be read in two ways (a key
// given twice) counts as both. Pure; nothing is refused here.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/dialect/json_cursor.h"

namespace postern::dialect {

struct RequestWeight {
  uint64_t text_bytes = 0;      // the body without the data of pictures and documents
  uint32_t pictures = 0;        // with their data
  uint32_t documents = 0;       // the same, PDF
  uint64_t document_bytes = 0;  // of base64
  uint32_t fetched = 0;         // by a file id, a URL or in a way that isn't known: no byte of it is here
  bool cached = false;          // a cache mark is in it
  bool cached_for_an_hour = false;
  bool compacts = false;  // the provider is asked to shorten the conversation, which it bills on top

  friend bool operator==(const RequestWeight&, const RequestWeight&) = default;
};

// Of a body that ReadMessagesRequest takes. What can't be read counts as text.
RequestWeight WeighRequest(std::string_view body, JsonCursor& json);

}  // namespace postern::dialect
