#include "agent/estimate/history.h"

#include <algorithm>
#include <vector>

namespace postern::estimate {
namespace {

// The vision guide's count for a picture of common size, and its PDF guide's for a page with its picture.
constexpr int64_t kTokensPerPicture = 1'600;
constexpr int64_t kTokensPerPage = 3'600;
constexpr int64_t kPagesAtMost = 600;
constexpr uint64_t kBytesPerPageToken = 16;  // of base64: pages of some 45 KB
constexpr int64_t kTokensPerFetch = 2'000;   // of what isn't in the request there is no better guess

// How far what one exchange says moves what is believed.
constexpr int64_t kInertia = 8;
constexpr int64_t kWorthLearning = 200;  // tokens: less says nothing of ratios

constexpr std::chrono::minutes kCacheLife{5};
constexpr std::chrono::hours kLongCacheLife{1};

int64_t Moved(int64_t believed, int64_t seen) {
  seen = std::clamp(seen, History::kLeastPermille, History::kMostPermille);
  return believed + (seen - believed) / kInertia;
}

int64_t Scaled(int64_t amount, int64_t permille) { return (amount * permille + 999) / 1'000; }

std::string KeyOf(std::string_view model, std::string_view conversation) {
  return std::string(model).append(1, '\n').append(conversation);
}

int64_t CachedOf(const pricing::Usage& usage) {
  return usage.cache_read + usage.cache_write_5m + usage.cache_write_1h;
}

}  // namespace

int64_t PlainTokens(const dialect::RequestWeight& weight) {
  // Bodies are at most some megabytes, so nothing of this comes near an overflow.
  const auto text = static_cast<int64_t>(weight.text_bytes * 2 / 7);
  const auto pages = static_cast<int64_t>(weight.document_bytes / kBytesPerPageToken);
  return text + int64_t{weight.pictures} * kTokensPerPicture +
         std::min(pages, kPagesAtMost * kTokensPerPage) + int64_t{weight.fetched} * kTokensPerFetch;
}

int64_t SeenTokens(uint64_t content_bytes) {
  // JSON-escaped English has about four bytes a token.
  constexpr uint64_t kBytesPerToken = 3;
  return static_cast<int64_t>((content_bytes + kBytesPerToken - 1) / kBytesPerToken);
}

const History::Model* History::Find(std::string_view model) const {
  const auto found = models_.find(model);
  return found == models_.end() ? nullptr : &found->second;
}

pricing::Usage History::LikelyPrompt(std::string_view model, std::string_view conversation,
                                     const dialect::RequestWeight& weight, WallTime when) const {
  const Model* const known = Find(model);
  const int64_t permille = known == nullptr ? 1'000 : known->prompt_permille;
  const int64_t plain = PlainTokens(weight);
  int64_t tokens = Scaled(plain, permille);
  int64_t read = 0;
  const auto before =
      conversation.empty() ? conversations_.end() : conversations_.find(KeyOf(model, conversation));
  if (before != conversations_.end() && plain >= before->second.plain) {
    const Conversation& last = before->second;
    tokens = last.tokens + Scaled(plain - last.plain, permille);
    const auto life = weight.cached_for_an_hour ? std::chrono::minutes(kLongCacheLife) : kCacheLife;
    if (weight.cached && when >= last.when && when - last.when < life) read = last.cached;
  }
  pricing::Usage usage;
  usage.cache_read = read;
  (!weight.cached              ? usage.input
   : weight.cached_for_an_hour ? usage.cache_write_1h
                               : usage.cache_write_5m) = tokens - read;
  return usage;
}

int64_t History::LikelyAnswer(std::string_view model) const {
  const Model* const known = Find(model);
  return known == nullptr ? kFirstAnswer : known->answers.Likely();
}

int64_t History::BilledPerThousandSeen(std::string_view model) const {
  const Model* const known = Find(model);
  return known == nullptr ? 1'000 : std::max<int64_t>(known->billed_permille, 1'000);
}

void History::Learn(std::string_view model, std::string_view conversation, const Lesson& lesson,
                    WallTime when) {
  ++lessons_;
  Model& learned = Open(model, when);
  const int64_t plain = PlainTokens(lesson.weight);
  const int64_t prompt = lesson.usage.input + CachedOf(lesson.usage);
  if (plain >= kWorthLearning && prompt > 0 && prompt < plain * 1'000)
    learned.prompt_permille = Moved(learned.prompt_permille, prompt * 1'000 / plain);
  if (lesson.usage.output > 0) learned.answers.Add(lesson.usage.output);
  if (lesson.seen_tokens >= kWorthLearning && lesson.usage.output < lesson.seen_tokens * 1'000)
    learned.billed_permille =
        Moved(learned.billed_permille, lesson.usage.output * 1'000 / lesson.seen_tokens);
  if (conversation.empty() || prompt <= 0) return;
  OpenConversation(KeyOf(model, conversation)) = {plain, prompt, CachedOf(lesson.usage), when};
}

std::vector<ModelHistory> History::Models() const {
  std::vector<ModelHistory> models;
  for (const auto& [name, model] : models_)
    models.push_back({name, model.prompt_permille, model.billed_permille, model.answers.All(), model.used});
  return models;
}

void History::Recall(const std::vector<ModelHistory>& models) {
  for (const ModelHistory& known : models) {
    Model& model = Open(known.model, known.used);
    model.prompt_permille = std::clamp(known.prompt_permille, kLeastPermille, kMostPermille);
    model.billed_permille = std::clamp(known.billed_permille, kLeastPermille, kMostPermille);
    model.answers = {};
    for (const int64_t tokens : known.answers)
      if (tokens > 0) model.answers.Add(tokens);
  }
}

History::Model& History::Open(std::string_view model, WallTime when) {
  auto found = models_.find(model);
  if (found == models_.end()) {
    if (models_.size() >= kMostModels) {
      models_.erase(std::min_element(models_.begin(), models_.end(), [](const auto& a, const auto& b) {
        return a.second.used < b.second.used;
      }));
    }
    found = models_.try_emplace(std::string(model)).first;
  }
  found->second.used = when;
  return found->second;
}

// Where there are too many, half of them go: it happens rarely, and each is only worth a better guess.
History::Conversation& History::OpenConversation(std::string key) {
  if (conversations_.size() >= kMostConversations && !conversations_.contains(key)) {
    std::vector<WallTime> times;
    times.reserve(conversations_.size());
    for (const auto& [name, conversation] : conversations_) times.push_back(conversation.when);
    const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    std::erase_if(conversations_, [&](const auto& entry) { return entry.second.when <= *middle; });
  }
  return conversations_[std::move(key)];
}

void History::Answers::Add(int64_t tokens) {
  kept_.at(next_) = std::min(tokens, kLongestAnswer);
  next_ = (next_ + 1) % kMostAnswers;
  count_ = std::min(count_ + 1, kMostAnswers);
}

std::vector<int64_t> History::Answers::All() const {
  std::vector<int64_t> all;
  for (size_t i = 0; i < count_; ++i)
    all.push_back(kept_.at((next_ + kMostAnswers - count_ + i) % kMostAnswers));
  return all;
}

int64_t History::Answers::Likely() const {
  if (count_ == 0) return kFirstAnswer;
  std::array<int64_t, kMostAnswers> sorted = kept_;
  const auto end = sorted.begin() + static_cast<ptrdiff_t>(count_);
  const auto at = sorted.begin() + static_cast<ptrdiff_t>((count_ * 19 + 19) / 20 - 1);
  std::nth_element(sorted.begin(), at, end);
  const int64_t likely = count_ < kEnough ? std::max(*at, kFirstAnswer) : *at;
  return std::clamp(likely, kLeastAnswer, kMostAnswer);
}

}  // namespace postern::estimate
