#include "agent/estimate/history_text.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::estimate {
namespace {

constexpr int64_t kFormat = 1;
constexpr size_t kLongestName = 256;
constexpr size_t kSumDigits = 2 * sizeof(crypto::Digest);
constexpr json::Bounds kBounds{
    .bytes = kMostHistoryBytes, .values = History::kMostModels * (History::kMostAnswers + 16), .depth = 8};

std::string SumOf(std::string_view object) { return ToHex(crypto::AsBytes(crypto::Sha256(object))); }

Result<std::vector<int64_t>> ReadAnswers(const json::Value& list) {
  ASSIGN_OR_RETURN(const std::vector<json::Value> values, list.AsList());
  if (values.size() > History::kMostAnswers) return list.Wrong("must not have so many answers");
  std::vector<int64_t> answers;
  for (const json::Value& value : values) {
    ASSIGN_OR_RETURN(const int64_t tokens, value.AsInteger(1, History::kLongestAnswer));
    answers.push_back(tokens);
  }
  return answers;
}

Result<ModelHistory> ReadModel(const json::Value& value) {
  ASSIGN_OR_RETURN(const json::Object object, value.AsOpenObject());
  ModelHistory model;
  ASSIGN_OR_RETURN(model.model, object.Text("model"));
  if (model.model.empty() || model.model.size() > kLongestName) return value.Wrong("must name a model");
  const auto permille = [&](std::string_view name) {
    return object.Integer(name, History::kLeastPermille, History::kMostPermille);
  };
  ASSIGN_OR_RETURN(model.prompt_permille, permille("prompt_permille"));
  ASSIGN_OR_RETURN(model.billed_permille, permille("billed_permille"));
  ASSIGN_OR_RETURN(const int64_t used, object.Integer("used", 0, std::numeric_limits<int64_t>::max()));
  model.used = WallTime(std::chrono::nanoseconds(used));
  ASSIGN_OR_RETURN(const json::Value answers, object.Require("answers"));
  ASSIGN_OR_RETURN(model.answers, ReadAnswers(answers));
  return model;
}

Result<std::vector<ModelHistory>> ReadModels(std::string_view text) {
  ASSIGN_OR_RETURN(const json::Value whole, json::Parse(text, kBounds));
  ASSIGN_OR_RETURN(const json::Object object, whole.AsOpenObject());
  ASSIGN_OR_RETURN(const int64_t format, object.Integer("format", 0, std::numeric_limits<int64_t>::max()));
  if (format != kFormat) return whole.Wrong("must be of a format that is known here");
  ASSIGN_OR_RETURN(const json::Value list, object.Require("models"));
  ASSIGN_OR_RETURN(const std::vector<json::Value> values, list.AsList());
  if (values.size() > History::kMostModels) return list.Wrong("must not have so many models");
  std::vector<ModelHistory> models;
  for (const json::Value& value : values) {
    ASSIGN_OR_RETURN(ModelHistory model, ReadModel(value));
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace

std::string WriteHistory(const std::vector<ModelHistory>& models) {
  json::Writer out;
  out.BeginObject().Integer("format", kFormat).BeginList("models");
  for (const ModelHistory& model : models) {
    if (model.model.empty() || model.model.size() > kLongestName) continue;
    out.BeginObject().Text("model", model.model);
    out.Integer("prompt_permille", model.prompt_permille).Integer("billed_permille", model.billed_permille);
    out.Integer("used", model.used.time_since_epoch().count()).BeginList("answers");
    for (const int64_t tokens : model.answers) out.Integer(tokens);
    out.EndList().EndObject();
  }
  const std::string object = out.EndList().EndObject().Take();
  return SumOf(object) + "\n" + object + "\n";
}

Result<std::vector<ModelHistory>> ReadHistory(std::string_view text) {
  if (text.size() > kMostHistoryBytes) return Error{ErrorCode::kCorrupt, "it is too long"};
  if (text.size() < kSumDigits + 2 || text[kSumDigits] != '\n' || text.back() != '\n')
    return Error{ErrorCode::kCorrupt, "it isn't whole"};
  const std::string_view object = text.substr(kSumDigits + 1, text.size() - kSumDigits - 2);
  if (SumOf(object) != text.substr(0, kSumDigits)) return Error{ErrorCode::kCorrupt, "its sum is wrong"};
  auto models = ReadModels(object);
  if (!models) return Error{ErrorCode::kCorrupt, models.error().message};
  return models;
}

}  // namespace postern::estimate
