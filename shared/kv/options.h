// How a store is to be: its families, and the machine that it lies on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace postern::kv {

class Faults;

// What Batch::Merge does to a value, so that a writer need not read it first.
enum class MergeRule {
  kNone,
  kAppend,      // the operand follows the value
  kAddNumbers,  // both are rows of 8-byte numbers, the most significant byte first, and are added one by one;
                // a sum ends at the largest number; where one row is longer, the other has zeros there
};

struct FamilyOptions {
  FamilyOptions(const char* family) : name(family) {}  // NOLINT: so that a list of names reads well
  FamilyOptions(const char* family, MergeRule rule) : name(family), merge(rule) {}

  std::string name;
  MergeRule merge = MergeRule::kNone;
};

enum class Profile {
  kSmall,   // on somebody's machine: 30 MB under load instead of 110
  kServer,  // on a machine of its own: up to about 400 MB, of which 256 are the cache of what is read
};

struct Options {
  std::vector<FamilyOptions>
      families;         // a Family is an index into this list; names are for ever, new ones go to the end
  uint32_t format = 1;  // of what the families hold; a store of a newer one is refused
  std::string what = "the store";    // how errors call it: "the agent's state"
  std::shared_ptr<Faults> faults{};  // for tests: a disk that misbehaves
  Profile profile = Profile::kSmall;
};

}  // namespace postern::kv
