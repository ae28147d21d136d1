// A model's names as words of the policy's rules about models.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "shared/policy/lexicon.h"
#include "shared/policy/model_names.h"

namespace postern::policy {

class ModelTerms {
 public:
  // All are borrowed.
  ModelTerms(std::string_view model, const KnownModels& known, const Lexicon& lexicon);
  ModelTerms(const ModelTerms&) = delete;
  ModelTerms& operator=(const ModelTerms&) = delete;

  std::span<const Term> allowing() const { return {allowing_.data(), allowing_count_}; }
  std::span<const Term> denying() const { return {denying_.data(), denying_count_}; }

 private:
  ModelNames names_;
  std::array<Term, NameSet::kMost> allowing_;  // only the first ones
  std::array<Term, NameSet::kMost> denying_;
  size_t allowing_count_ = 0;
  size_t denying_count_ = 0;
};

}  // namespace postern::policy
