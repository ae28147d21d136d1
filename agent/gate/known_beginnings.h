// How requests began, so that a conversation's next turn is read from where it differs: finding the structure
// of a whole body costs more than all else that is asked of it.
//
//   turn 7   |■■■■■■■■■■■■■■■■■■■■■■■■■|tail|         read before, and hashed
//   turn 8   |■■■■■■■■■■■■■■■■■■■■■■■■■|new·····|tail|
//             └ the same by its hashes ┘└ read       ┘
//
// Bodies are told by keyed hashes of their pieces (shared/secrets/keyed_hash.h), so nobody can make a body
// that passes for one that was read. What is known of one owner's requests serves nobody else's. Bounded;
// what was used longest ago goes first.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/dialect/messages_request.h"
#include "shared/base/result.h"
#include "shared/secrets/keyed_hash.h"

namespace postern::gate {

// Owned by the loop thread.
class KnownBeginnings {
 public:
  static constexpr size_t kMost = 64;
  static constexpr size_t kMostBytes = size_t{4} << 20;  // about
  static constexpr size_t kSmall = size_t{8} << 10;      // smaller bodies aren't worth it

  // As dialect::ReadMessagesRequest. `pieces` are the hashes of the body.
  Result<dialect::RequestFacts> Read(std::string_view owner, std::string_view body,
                                     const secrets::Pieces& pieces, dialect::JsonCursor& json);

  size_t size() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string owner;
    secrets::Pieces pieces;
    dialect::RequestBeginning beginning;
    size_t bytes = 0;
  };
  using Place = std::list<Entry>::iterator;
  Place Longest(std::string_view owner, const secrets::Pieces& pieces, size_t& same);
  void Erase(Place entry);

  std::list<Entry> entries_;  // the one that was used last is the first
  size_t bytes_ = 0;          // of all
};

}  // namespace postern::gate
