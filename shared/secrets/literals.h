// Secrets that were taken out of a session's texts, found again as what they are. A key that was once read
// from a file comes back later without the words around it by which a rule knew it: "use a1b2… instead".
//
//   turn 3   {"content":"api_key = \"a1b2c3d4e5f6a7b8\""}     found by a rule, and remembered
//   turn 7   {"content":"is a1b2c3d4e5f6a7b8 still valid?"}   found because it is remembered
//
// Each is looked for in every form that JSON gives it (literal_forms.h). They lie in locked memory. Searching
// costs a look at every few bytes of the text: of each literal the first pieces of four bytes are marked in a
// small table, and no occurrence can lie between two places where one of these would have been seen. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"
#include "shared/secrets/expression.h"

namespace postern::secrets {

// Whether a secret is odd enough to be looked for wherever it stands: at least 12 bytes, with letters and
// digits or at least 20 bytes, and not the same few characters over and over. A password that is a word would
// take that word out of everything.
bool IsWorthRemembering(std::string_view secret);

// It never changes: one that is added makes another. What holds it may be read by other threads. Thread-safe.
class Literals {
 public:
  static constexpr size_t kMost = 512;
  static constexpr size_t kMostBytes = 512 << 10;  // of all together, with all their forms
  static constexpr size_t kLongest = 16 << 10;     // of one

  struct Found {
    Span span;
    uint32_t literal;
  };

  // With this one too, in place of the oldest ones where there are too many. The same where it is there
  // already or isn't worth it. kUnavailable where no memory can be locked.
  static Result<std::shared_ptr<const Literals>> With(std::shared_ptr<const Literals> before,
                                                      std::string_view secret, std::string_view rule);

  size_t size() const { return entries_.size(); }
  std::string_view secret(uint32_t literal) const { return entries_[literal]->form(0); }
  size_t longest() const { return longest_; }                                          // of all forms
  const std::string& rule(uint32_t literal) const { return entries_[literal]->rule; }  // its id
  bool Holds(std::string_view secret) const;

  // Every place within these bytes of the text where one of them stands, in order; of those that begin in one
  // place the longest.
  std::vector<Found> Find(std::string_view text, const Span& within) const;

 private:
  struct Entry {
    crypto::LockedSecret text;  // all forms, one behind the other; the secret itself is the first
    std::vector<Span> forms;
    std::string rule;

    std::string_view form(size_t i) const { return In(text.view(), forms[i]); }
  };
  struct Form {
    std::string_view text;  // of an entry
    uint32_t literal;
  };
  struct Piece {
    uint32_t mark;  // of four bytes of a literal
    uint32_t form;
    uint32_t offset;  // where in it they stand
  };
  static Result<std::shared_ptr<const Entry>> Locked(std::string_view secret, std::string_view rule);
  void Index();
  void LookAt(std::string_view text, const Span& within, size_t at, std::vector<Found>& found) const;

  std::vector<std::shared_ptr<const Entry>> entries_;  // the oldest first
  std::vector<Form> forms_;                            // of all entries
  size_t longest_ = 0;
  size_t apart_ = 1;             // places of a text that are looked at
  std::vector<uint64_t> marks_;  // one bit for each hash of four bytes
  std::vector<Piece> pieces_;    // by their marks
};

}  // namespace postern::secrets
