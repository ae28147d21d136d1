// A refusal before it is put into words. Private to this directory.
#pragma once

#include <string>
#include <string_view>

#include "shared/policy/judge.h"

namespace postern::policy {

struct Refused {
  enum class Why : uint8_t {
    kDenied,      // by a rule
    kNotListed,   // a list doesn't have it
    kNotAllowed,  // and nothing else allows it either
    kUnknown,     // it isn't known, and a rule speaks of it
    kOddName,     // a name that no rule can speak of
    kForced,      // of a tool: tool_choice asks for it
    kOver,        // of a time, a cap
  };
  Aspect aspect = Aspect::kModel;
  Why why = Why::kDenied;
  size_t at = 0;  // the place in the chain of the level that decided
  std::string_view rule = {};
  std::string_view subject = {};  // the model, tool, … as the client wrote it
  uint64_t cap = 0;
};

// One or two sentences for the person at the client: what, whose rule, until when, whom to ask. Never names
// another person.
std::string SentenceOf(const Refused& refused, const Chain& chain, const Tables& tables, const Facts& facts);

}  // namespace postern::policy
