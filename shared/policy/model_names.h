// The names by which rules may speak of the model that a client asked for.
//
//   us.anthropic.Claude-Haiku-4-5-20251001-v1:0   as written
//   claude-haiku-4-5-20251001                     without what a cloud puts around it
//   claude-haiku-4-5                              without the date
//   claude-haiku-4-5                              as the catalogue calls it
//
// A rule that denies is held against all of them, in small letters and with every alias that the catalogue
// has; a rule that allows, against those that are written exactly so. What is in doubt is refused.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/catalogue.h"
#include "shared/policy/limits.h"
#include "shared/policy/name_index.h"

namespace postern::policy {

// At most five names, each once.
class NameSet {
 public:
  static constexpr size_t kMost = 5;

  void Add(std::string_view text) {
    for (const HashedName& name : all()) {
      if (name.text == text) return;
    }
    names_[count_++] = {text, HashOf(text)};
  }
  std::span<const HashedName> all() const { return {names_.data(), count_}; }

 private:
  std::array<HashedName, kMost> names_;
  size_t count_ = 0;
};

// Which model has which names. Thread-compatible.
class KnownModels {
 public:
  void Build(const Catalogue& catalogue);

  // As the catalogue calls it, for a name that is written exactly as there; empty for an unknown one.
  std::string_view ExactId(std::string_view name) const;
  // The same in small letters, for any form of a name in small letters.
  std::string_view FoldedId(std::string_view folded) const;

  const Catalogue& catalogue() const { return catalogue_; }

 private:
  Catalogue catalogue_;
  NameIndex folded_;
  NameIndex exact_;
  std::vector<uint32_t> model_of_folded_;
  std::vector<uint32_t> model_of_exact_;
  std::vector<std::string> folded_ids_;  // of each model
};

// Without "-20251001", "-latest" or "-0" at its end.
std::string_view WithoutDate(std::string_view id);

// Every form of a name of the catalogue or of a rule that denies, in small letters.
std::vector<std::string> DeniedForms(const std::string& name);

// `asked` and `known` are borrowed. Names of no more than kMostNameBytes that are plain; others are for the
// caller to refuse. Allocates only for a cloud's forms.
class ModelNames {
 public:
  ModelNames(std::string_view asked, const KnownModels& known);
  ModelNames(const ModelNames&) = delete;
  ModelNames& operator=(const ModelNames&) = delete;

  const NameSet& allowing() const { return allowing_; }
  const NameSet& denying() const { return denying_; }

 private:
  void AddDenying(std::string_view asked, const KnownModels& known);

  std::string parsed_;
  std::array<char, kMostNameBytes> folded_;
  std::string folded_parsed_;
  NameSet allowing_;
  NameSet denying_;
};

}  // namespace postern::policy
