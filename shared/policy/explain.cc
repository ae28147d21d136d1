#include "shared/policy/explain.h"
namespace postern::policy {
const char* Name(Word word) {
  switch (word) {
    case Word::kSilent: return "silent";
    case Word::kAllows: return "allows";
    case Word::kWidens: return "widens";
    case Word::kNarrows: return "narrows";
    case Word::kDenies: return "denies";
  }
  return "unknown";
}
}  // namespace postern::policy
