#include "tests/support/provider/service.h"

#include <array>

#include "tests/support/provider/directive.h"
#include "tests/support/provider/json_text.h"
#include "tests/support/provider/provider.h"

namespace postern::provider {
namespace {

constexpr std::string_view kMessages = "/v1/messages";
constexpr std::string_view kCountTokens = "/v1/messages/count_tokens";
constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kDo = "do:";

struct Model {
  std::string_view id;
  std::string_view display_name;
};
constexpr std::array kKnownModels = {
    Model{"claude-opus-5-5", "Claude Opus 5.5"},
    Model{"claude-fable-5-1", "Claude Fable 5.1"},
    Model{"claude-sonnet-5-5", "Claude Sonnet 5.5"},
    Model{"claude-haiku-5-5", "Claude Haiku 5.5"},
};

Reply Refuse(int status, const std::string& message, Record& record) {
  record.status = status;
  Plan plan;
  plan.status = status;
  plan.message = message;
  Answer answer = Compose(plan, {}, record.number);
  return {std::move(plan), std::move(answer)};
}

Reply Give(std::string json, Record& record, Plan plan = {}) {
  record.status = 200;
  return {std::move(plan), {200, "application/json", "", {{std::move(json)}}}};
}

std::optional<Reply> CheckCredential(const Provider& provider, const http::Head& head, Record& record) {
  const std::string& wanted = provider.options().api_key;
  const auto key = head.Find("x-api-key");
  const auto authorization = head.Find("authorization");
  if (wanted.empty() && !provider.options().strict) return std::nullopt;
  if (!key && !authorization) return Refuse(401, "x-api-key header is required", record);
  if (!wanted.empty()) {
    if (key && *key != wanted) return Refuse(401, "invalid x-api-key", record);
    if (authorization && *authorization != "Bearer " + wanted)
      return Refuse(401, "Invalid bearer token", record);
  }
  if (provider.options().strict && !head.Find("anthropic-version")) {
    return Refuse(400, "anthropic-version: header is required", record);
  }
  return std::nullopt;
}

std::string DescribeModel(const Model& model) {
  return "{\"type\":\"model\",\"id\":" + Quote(model.id) + ",\"display_name\":" + Quote(model.display_name) +
         ",\"created_at\":\"2026-01-01T00:00:00Z\"}";
}

Reply ListModels(Record& record) {
  std::string list;
  for (const Model& model : kKnownModels) list += (list.empty() ? "" : ",") + DescribeModel(model);
  return Give("{\"data\":[" + list + "],\"has_more\":false,\"first_id\":" + Quote(kKnownModels.front().id) +
                  ",\"last_id\":" + Quote(kKnownModels.back().id) + "}",
              record);
}

Reply FindModel(std::string_view id, Record& record) {
  for (const Model& model : kKnownModels) {
    if (model.id == id) return Give(DescribeModel(model), record);
  }
  return Refuse(404, "model: " + std::string(id), record);
}

// The plan in the request's header, if it has one.
Result<std::optional<Plan>> HeaderPlan(const http::Head& head) {
  const auto simulated = head.Find("x-sim");
  if (!simulated) return std::optional<Plan>();
  if (!simulated->starts_with(kDo))
    return Error{ErrorCode::kInvalid, "x-sim is neither a canned answer nor do:"};
  ASSIGN_OR_RETURN(Plan plan, ParseDirective(simulated->substr(kDo.size())));
  return std::optional<Plan>(std::move(plan));
}

Reply Follow(Plan plan, const Conversation& conversation, Record& record) {
  record.status = plan.status;
  record.message = true;
  Answer answer = Compose(plan, conversation, record.number);
  return {std::move(plan), std::move(answer)};
}

// The body isn't looked at when the header says what to do.
Reply FollowHeader(Plan plan, std::string_view body, Record& record) {
  Conversation conversation;
  conversation.model = kCannedModel;
  conversation.bytes = body.size();
  record.model = plan.model.empty() ? conversation.model : plan.model;
  return Follow(std::move(plan), conversation, record);
}

Reply AnswerMessages(Provider& provider, std::string_view body, Record& record) {
  const auto conversation = ReadConversation(body);
  auto scripted = provider.script().Choose(kMessages, conversation ? &*conversation : nullptr);
  if (!conversation && !scripted) return Refuse(400, conversation.error().message, record);
  const Conversation known = conversation.value_or(Conversation());
  record.model = known.model;
  if (!known.forged_thinking.empty()) {
    return Refuse(400, known.forged_thinking + ": Invalid `signature` in `thinking` block", record);
  }
  if (scripted) return Follow(*std::move(scripted), known, record);
  const auto items = FindDirective(known.prompt);
  if (!items) return Follow({}, known, record);
  auto plan = ParseDirective(*items);
  if (!plan) return Refuse(400, "The prompt's directive: " + plan.error().message, record);
  return Follow(*std::move(plan), known, record);
}

Reply AnswerCountTokens(Provider& provider, std::string_view body, Record& record) {
  const auto conversation = ReadConversation(body);
  auto scripted = provider.script().Choose(kCountTokens, conversation ? &*conversation : nullptr);
  if (scripted && (scripted->status != 200 || scripted->body)) {
    record.status = scripted->status;
    Answer answer = Compose(*scripted, {}, record.number);
    return {*std::move(scripted), std::move(answer)};
  }
  if (!conversation) return Refuse(400, conversation.error().message, record);
  record.model = conversation->model;
  const Tokens tokens = CountTokens(*conversation, 0, 0);
  const int64_t all = tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;
  return Give("{\"input_tokens\":" + std::to_string(all) + "}", record, scripted.value_or(Plan()));
}

}  // namespace

std::optional<Reply> ReplyEarly(Provider& provider, const http::Head& head, Record& record) {
  const auto from_header = HeaderPlan(head);
  if (from_header && *from_header && (*from_header)->early) return Follow(**from_header, {}, record);
  auto scripted = provider.script().ChooseEarly(head.path());
  if (!scripted) return std::nullopt;
  return Follow(*std::move(scripted), {}, record);
}

Reply ReplyTo(Provider& provider, const http::Head& head, std::string_view body, Record& record) {
  record.body_read = true;
  record.body_size = body.size();
  if (provider.journal().keeps_records()) {
    record.body_digest = crypto::Sha256(body);
    if (provider.options().record_bodies) provider.journal().KeepBody(record, body);
  }
  const std::string_view path = head.path();
  if (path == "/" || path == "/api/hello") return Give("{\"message\":\"hello\"}", record);
  if (auto refused = CheckCredential(provider, head, record)) return *std::move(refused);
  if (path == kMessages || path == kCountTokens) {
    if (head.method != "POST") return Refuse(405, "Method Not Allowed", record);
    auto from_header = HeaderPlan(head);
    if (!from_header) return Refuse(400, from_header.error().message, record);
    if (*from_header) return FollowHeader(**std::move(from_header), body, record);
    return path == kMessages ? AnswerMessages(provider, body, record)
                             : AnswerCountTokens(provider, body, record);
  }
  if (path == kModels) return ListModels(record);
  if (path.starts_with(kModels) && path.substr(kModels.size()).starts_with('/')) {
    return FindModel(path.substr(kModels.size() + 1), record);
  }
  return Refuse(404, "Not Found", record);
}

Reply ReplyTooLarge(Record& record) { return Refuse(413, "Request exceeds the maximum size", record); }

}  // namespace postern::provider
