// Why: what every level says of an exchange, in the order in which they are asked.
#pragma once

#include <string>
#include <vector>

#include "shared/policy/compiled.h"

namespace postern::policy {

enum class Word : uint8_t {
  kSilent,   // says nothing of it
  kAllows,   // has it on a list of what is allowed, or a cap that holds
  kWidens,   // allows what no level above does, as it may
  kNarrows,  // has a list, and it isn't on it
  kDenies,
};

// "silent", "allows", …
const char* Name(Word word);

struct Statement {
  Aspect aspect = Aspect::kModel;
  std::string level;  // "organisation", "team ml", "group contractors", "user alice@example.com", "key k7x2…"
  std::string subject;  // what it is about: a model, a tool, a credential, a host
  Word word = Word::kSilent;
  std::string rule;  // empty where it is silent
};

struct Explanation {
  Verdict verdict;
  std::vector<Statement>
      statements;  // by aspect, subject and level; levels that are silent on all are left out
};

Explanation Explain(const Compiled& policy, const Facts& facts);

}  // namespace postern::policy
