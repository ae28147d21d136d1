// A parsed text as a tree whose nodes know their parent, so that a place is only spelt out when an error
// needs it. Only shared/json includes this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "shared/json/value.h"

namespace postern::json {

struct Node {
  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  double decimal = 0;                 // of an integer, too
  std::string text;                   // of a text; of a decimal: its digits
  std::vector<const Node*> children;  // of a list or an object, in order
  std::string name;                   // in the object that holds this
  size_t index = 0;                   // in the list that holds this
  const Node* parent = nullptr;       // none for the root
};

struct Document {
  std::deque<Node> nodes;  // the root first; addresses are stable
};

}  // namespace postern::json
