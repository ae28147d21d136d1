// What earlier exchanges of this host teach about the next: how many tokens a model makes of its bytes, how
// long its answers are, how much of them is billed and not seen, and how long a conversation's prompt was.
//
//   a prompt's tokens  ≈  plain tokens (from its weight) × the model's ratio
//   or, in a conversation that was seen before,  what it had then + what has been added × ratio
//
// Nothing here is trusted with money: an estimate that is too low is corrected when the answer begins, and by
// extensions. A fresh start begins with the constants below and has learned after some twenty answers; what
// was learnt of models outlives a restart (history_text.h).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/dialect/request_weight.h"
#include "shared/base/clock.h"
#include "shared/pricing/usage.h"

namespace postern::estimate {

// Before anything is known of a model.
inline constexpr int64_t kFirstAnswer = 2'048;  // tokens that an answer is likely to stay within
inline constexpr int64_t kLeastAnswer = 256;    // an estimate is never lower
inline constexpr int64_t kMostAnswer = 32'000;  // nor higher: more is got by extending

// How much a model would read if all of its text were plain English or code: three and a half bytes a token,
// pictures and pages as the provider's guide counts them.
int64_t PlainTokens(const dialect::RequestWeight& weight);

// What was seen of an answer that came whole.
struct Lesson {
  dialect::RequestWeight weight;  // of the request
  pricing::Usage usage;           // as reported
  int64_t seen_tokens = 0;        // of the output, from the bytes that passed: as SeenTokens
};

// What was learnt of one model.
struct ModelHistory {
  std::string model;
  int64_t prompt_permille = 1'000;  // tokens for a thousand plain ones
  int64_t billed_permille = 1'000;  // for a thousand seen ones
  std::vector<int64_t> answers;     // tokens of the recent ones, the oldest first
  WallTime used{};                  // when it was learnt of last

  friend bool operator==(const ModelHistory&, const ModelHistory&) = default;
};

// Tokens of so many bytes of an answer as they stood in JSON: rather too many than too few.
int64_t SeenTokens(uint64_t content_bytes);

// Of one agent. Bounded: of models and conversations the newest are kept. Thread-compatible.
class History {
 public:
  static constexpr size_t kMostModels = 64;
  static constexpr size_t kMostConversations = 4'096;
  static constexpr size_t kMostAnswers = 64;  // of each model
  // What a ratio is believed to be at least and at most, and an answer at most.
  static constexpr int64_t kLeastPermille = 250;
  static constexpr int64_t kMostPermille = 4'000;
  static constexpr int64_t kLongestAnswer = 1'000'000'000;

  // The input side of a prompt's usage, by the class that each part of it is likely to be billed in: what a
  // conversation sent before, and the provider's cache still has, is read from it. `when` decides that.
  pricing::Usage LikelyPrompt(std::string_view model, std::string_view conversation,
                              const dialect::RequestWeight& weight, WallTime when) const;

  // Nineteen of twenty recent answers had at most so many tokens.
  int64_t LikelyAnswer(std::string_view model) const;

  // What is billed for a thousand tokens that are seen: 1,000 where nothing is hidden.
  int64_t BilledPerThousandSeen(std::string_view model) const;

  void Learn(std::string_view model, std::string_view conversation, const Lesson& lesson, WallTime when);
  uint64_t lessons() const { return lessons_; }  // since it was made

  // What outlives a restart. Conversations don't: what the provider's cache has of them is soon gone.
  std::vector<ModelHistory> Models() const;
  // Goes on from it, as far as each number is one that could have been learnt.
  void Recall(const std::vector<ModelHistory>& models);

 private:
  // Recent answers of one model.
  class Answers {
   public:
    void Add(int64_t tokens);
    int64_t Likely() const;
    std::vector<int64_t> All() const;  // the oldest first

   private:
    static constexpr size_t kEnough = 16;  // with fewer the first guess still counts
    std::array<int64_t, kMostAnswers> kept_{};
    size_t count_ = 0;
    size_t next_ = 0;
  };
  struct Model {
    int64_t prompt_permille = 1'000;  // tokens for a thousand plain ones
    int64_t billed_permille = 1'000;  // for a thousand seen ones
    Answers answers;
    WallTime used{};
  };
  struct Conversation {
    int64_t plain = 0;   // of its last prompt
    int64_t tokens = 0;  // of the same, as reported
    int64_t cached = 0;  // of them, read from the cache or written to it
    WallTime when{};
  };

  const Model* Find(std::string_view model) const;
  Model& Open(std::string_view model, WallTime when);
  Conversation& OpenConversation(std::string key);

  std::map<std::string, Model, std::less<>> models_;
  std::unordered_map<std::string, Conversation> conversations_;
  uint64_t lessons_ = 0;
};

}  // namespace postern::estimate
