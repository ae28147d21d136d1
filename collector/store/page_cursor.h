// The text of cursors: which question it belongs to, and where its page ended. The same for every engine.
//
//   hexadecimal of  question(8) ‖ place      question = the first 8 bytes of a SHA-256 of what was asked
#pragma once

#include <optional>
#include <string>

#include "collector/store/types.h"
#include "shared/base/result.h"

namespace postern::store {

Cursor MakeCursor(const EventFilter& filter, Leaf last);
Cursor MakeCursor(RecordKind kind, const std::optional<std::string>& label, const std::string& last_id);

// Where the page ended. kInvalid for text that is no cursor, or one of another question.
Result<Leaf> ReadCursor(const EventFilter& filter, const Cursor& cursor);
Result<std::string> ReadCursor(RecordKind kind, const std::optional<std::string>& label,
                               const Cursor& cursor);

}  // namespace postern::store
