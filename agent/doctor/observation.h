// What an examination of this host finds. Plain data.
#pragma once

#include <string>
#include <string_view>

namespace postern::doctor {

enum class Verdict {
  kGood,
  kNote,     // worth knowing, nothing to mend
  kFinding,  // to be mended
};

constexpr std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood: return "good";
    case Verdict::kNote: return "note";
    case Verdict::kFinding: return "finding";
  }
  return "finding";
}

struct Observation {
  std::string subject;  // "state directory"
  Verdict verdict = Verdict::kGood;
  std::string sentence;

  friend bool operator==(const Observation&, const Observation&) = default;
};

}  // namespace postern::doctor
