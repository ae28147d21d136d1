// The first stage: Vectorscan finds, for all rules at once, where a match of each could end. Never too few;
// what is too many the second stage (RE2) throws out.
//
// Two databases. The hot one runs over every text. It has the rules that hold a literal, which Vectorscan
// looks for first and which most texts don't have, and the keywords of the others. Those are in the armed
// database, which runs only over texts that hold one of their keywords: a pattern such as [a-f0-9]{40} costs
// more than all others together. Of rules that Vectorscan doesn't take the hot one has the keywords, which
// tell whether they need to be run at all.
//
// Compiling takes seconds, so a compiled stage can be kept as bytes: for the same expressions, library and
// processor (Key).
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace postern::secrets {

// Ends of a rule's matches that lie close to each other: the first and the last of them.
struct Ends {
  size_t first = 0;
  size_t last = 0;
};

// What the keywords of a text call for: the armed database, which runs only where there is one; rules that
// Vectorscan doesn't take, likewise; rules whose matches may be long, for which more is looked at around what
// is new of a text. The last bit is shared by those for which there is none left.
using Calls = std::bitset<64>;
inline constexpr size_t kArmed = 0;

// What is reused from text to text by whoever scans: one for each thread. Thread-compatible.
class Hits {
 public:
  explicit Hits(size_t rules) : ends_(rules) {}

  void Clear();  // but not what is called for
  void Call(const Calls& calls) { calls_ = calls; }
  const Calls& calls() const { return calls_; }
  void Add(uint32_t rule, size_t end);
  // As if any match could be anywhere.
  void AddWholeText(uint32_t rule, size_t size);
  void Finish();  // after the last Add: brings everything into order

  const std::vector<uint32_t>& rules() const { return fired_; }  // in their order
  const std::vector<Ends>& of(uint32_t rule) const { return ends_[rule]; }

 private:
  std::vector<std::vector<Ends>> ends_;  // by rule
  std::vector<uint32_t> fired_;
  Calls calls_;
};

class Database;  // one database of Vectorscan
class ScratchSpace;

// Vectorscan's working memory. Thread-compatible.
class Scratch {
 public:
  Scratch();
  Scratch(Scratch&&) noexcept;
  ~Scratch();

 private:
  friend class FirstStage;
  std::unique_ptr<ScratchSpace> space_;
};

enum class Runs { kAlways, kWhenArmed, kElsewhere };

struct StageEntry {
  uint32_t rule = 0;
  std::string expression;  // Vectorscan's syntax; unused where it runs elsewhere
  bool beyond_ascii = false;
  Runs runs = Runs::kAlways;
  std::vector<std::string> keywords{};  // of what doesn't always run, or may reach far
  std::vector<size_t> calls{};          // what they call for
};

// Whether Vectorscan takes it: it knows less than RE2, and not what matches nothing.
bool IsTaken(const StageEntry& entry);

// Thread-safe.
class FirstStage {
 public:
  // kInvalid when Vectorscan won't have them all, together.
  static Result<FirstStage> Compile(const std::vector<StageEntry>& entries);
  // kCorrupt when the bytes aren't those of a stage that can run here.
  static Result<FirstStage> Load(std::string_view bytes);
  std::string Serialised() const;
  // Names what Compile would make: of the entries, the library's version and what this processor has.
  static std::string Key(const std::vector<StageEntry>& entries);

  FirstStage(FirstStage&&) noexcept;
  FirstStage& operator=(FirstStage&&) noexcept;
  ~FirstStage();

  // Grows the scratch so that it serves this stage.
  Status Prepare(Scratch& scratch) const;
  // Adds to `hits`, whose ends then are `offset` further on. The text is valid UTF-8 and shorter than 4 GB.
  // kUnavailable when there is no memory.
  Status Scan(std::string_view text, size_t offset, Scratch& scratch, Hits& hits) const;

 private:
  FirstStage();
  std::unique_ptr<Database> hot_;  // none where there is nothing for it
  std::unique_ptr<Database> armed_;
};

}  // namespace postern::secrets
