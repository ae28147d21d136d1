#include "agent/screening/bench.h"
#include "agent/screening/screening.h"

namespace postern::screening {

std::unique_ptr<AnswerScreen> Screening::ForAnswer(const AnswerRequest& request, AnswerScreen::Form form,
                                                   dialect::JsonCursor& json) {
  const bool looks =
      request.policy != nullptr && request.policy->secret_terms().answers && scanner_ != nullptr;
  const bool restores = request.orders.RestoresAny();
  if (!looks && !restores) return nullptr;
  AnswerTerms terms;
  terms.keys = keys_;
  terms.policy = request.policy;
  terms.orders = request.orders;
  terms.now = WallNow();
  if (looks) {
    terms.scanner = scanner_;
    if (const Session* session = sessions_.Find(request.session)) terms.literals = session->memory.literals();
    terms.workspace = [this, scanner = scanner_]() -> secrets::Workspace& { return bench_->For(scanner); };
  }
  if (restores) {
    terms.original = [this,
                      name = request.session](std::string_view placeholder) -> std::optional<std::string> {
      const Session* session = sessions_.Find(name);
      const auto original = session == nullptr ? std::nullopt : session->memory.OriginalOf(placeholder);
      return original ? std::optional<std::string>(*original) : std::nullopt;
    };
    // What can't be kept isn't restored.
    terms.keep = [this, name = request.session](std::string_view placeholder, std::string_view original) {
      static_cast<void>(sessions_.Of(name).memory.KeepOriginal(placeholder, original));
      sessions_.Trim();
    };
  }
  return std::make_unique<AnswerScreen>(std::move(terms), form, json);
}

void Screening::CountAnswer(const std::vector<Found>& found, uint64_t restored) {
  ++counts_.answers;
  counts_.restored += restored;
  for (const Found& one : found)
    ++(one.action == wire::SECRET_ACTION_REDACT ? counts_.redacted_in_answers : counts_.warned_in_answers);
}

}  // namespace postern::screening
