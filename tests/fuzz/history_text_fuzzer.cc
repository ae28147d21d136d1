// What lies in the file of estimates, after its sum: whatever it is, it is refused, or it is what could have
// been learnt, and is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/estimate/history_text.h"
#include "shared/base/check.h"
#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(estimate::ReadHistory(bytes));
  const std::string sum = ToHex(crypto::AsBytes(crypto::Sha256(bytes)));
  const auto models = estimate::ReadHistory(sum + "\n" + std::string(bytes) + "\n");
  if (!models) {
    CHECK(models.error().code == ErrorCode::kCorrupt && !models.error().message.empty());
    return 0;
  }
  estimate::History history;
  history.Recall(*models);
  const auto learned = history.Models();
  CHECK(learned.size() <= models->size());
  const auto again = estimate::ReadHistory(estimate::WriteHistory(learned));
  CHECK(again && *again == learned);
  for (const estimate::ModelHistory& model : learned) {
    CHECK(history.LikelyAnswer(model.model) >= estimate::kLeastAnswer);
    CHECK(history.LikelyAnswer(model.model) <= estimate::kMostAnswer);
  }
  return 0;
}
