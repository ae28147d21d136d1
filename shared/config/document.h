// A parsed file as flat memory: values know their parent, so that a place is only spelt out when an error
// needs it, and nothing recurses, however the file is nested. Only shared/config includes this.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace postern::config {

struct Document;

struct Value {
  enum class Kind { kNothing, kScalar, kList, kMap };

  Kind kind = Kind::kNothing;
  int line = 1;
  std::string text;                    // of a scalar
  std::vector<const Value*> children;  // of a list or a mapping, in file order
  std::string key;                     // in the mapping that holds this
  size_t index = 0;                    // in the list that holds this
  const Value* parent = nullptr;       // none for the root
  const Document* document = nullptr;
};

struct Document {
  std::string name;
  std::deque<Value> values;  // the root first; addresses are stable
};

}  // namespace postern::config
