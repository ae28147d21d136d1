// Content codings, for answers that are compressed although nobody asked for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/provider/plan.h"

namespace postern::provider {

enum class Flush { kPart, kEnd };

// Thread-compatible.
class Coder {
 public:
  explicit Coder(Coding coding);
  ~Coder();

  // What the bytes become, flushed so that a reader can decode all of them.
  std::string Code(std::string_view bytes, Flush flush);

 private:
  struct State;
  const Coding coding_;
  std::unique_ptr<State> state_;
};

// "gzip" or "br"; empty for identity.
std::string_view NameOf(Coding coding);

}  // namespace postern::provider
