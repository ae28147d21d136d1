#include "collector/cli/api.h"

#include <optional>

#include "shared/json/writer.h"

namespace postern::cli {
namespace {

// Answers are the collector's own, but a page of events is large.
constexpr json::Bounds kBounds{.bytes = 64 << 20, .values = 4'000'000, .depth = 32};

}  // namespace

Result<Api> Api::Open() {
  ASSIGN_OR_RETURN(const Profile profile, LoadProfile(ProcessEnvironment));
  return Open(profile);
}

Result<Api> Api::Open(const Profile& profile) {
  ASSIGN_OR_RETURN(auto client, rest::Client::Make({.url = profile.url,
                                                    .fingerprint = profile.fingerprint,
                                                    .authority = profile.authority,
                                                    .token = profile.token}));
  return Api(std::move(client));
}

Error Api::Answer::error() const {
  json::Writer writer;
  writer.Copy(body);
  return rest::ErrorOf(status, writer.Take());
}

Result<Api::Answer> Api::Ask(const rest::Call& call) const {
  ASSIGN_OR_RETURN(const rest::Reply reply, client_->Send(call));
  auto value = json::Parse(reply.body.empty() ? "null" : reply.body, kBounds);
  if (value) return Answer{reply.status, *std::move(value)};
  if (reply.status >= 300) return rest::ErrorOf(reply.status, reply.body);
  return Error{ErrorCode::kCorrupt, "the collector's answer is not understood: " + value.error().message};
}

Result<json::Value> Api::Send(const rest::Call& call) const {
  ASSIGN_OR_RETURN(Answer answer, Ask(call));
  if (answer.refused()) return answer.error();
  return std::move(answer.body);
}

Result<json::Value> Api::Get(const std::string& path, const Query& query) const {
  return Send({.method = "GET", .path = path, .query = query, .body = {}});
}

Result<json::Value> Api::Post(const std::string& path, const std::string& body, const Query& query) const {
  return Send({.method = "POST", .path = path, .query = query, .body = body});
}

Result<json::Value> Api::Patch(const std::string& path, const std::string& body, const Query& query) const {
  return Send({.method = "PATCH", .path = path, .query = query, .body = body});
}

Result<json::Value> Api::Delete(const std::string& path, const Query& query) const {
  return Send({.method = "DELETE", .path = path, .query = query, .body = {}});
}

Status Api::EachPage(const std::string& path, const Query& query,
                     const std::function<bool(const Items& items)>& take) const {
  std::optional<std::string> cursor;
  do {
    Query page_query = query;
    page_query.emplace_back("limit", "1000");
    if (cursor) page_query.emplace_back("cursor", *cursor);
    ASSIGN_OR_RETURN(const json::Value answer, Get(path, page_query));
    ASSIGN_OR_RETURN(const json::Object page, answer.AsOpenObject());
    ASSIGN_OR_RETURN(const json::Value list, page.Require("items"));
    ASSIGN_OR_RETURN(const Items items, list.AsList());
    if (!take(items)) return Ok{};
    ASSIGN_OR_RETURN(cursor, page.OptionalText("next"));
  } while (cursor);
  return Ok{};
}

Status Api::Follow(const std::string& path, const Query& query,
                   const std::function<bool(std::string_view line)>& take) const {
  ASSIGN_OR_RETURN(
      const rest::Reply reply,
      client_->Follow(
          {.method = "GET", .path = path, .query = query, .body = {}, .accept = "application/jsonl"}, take));
  if (reply.status >= 300) return rest::ErrorOf(reply.status, reply.body);
  return Ok{};
}

}  // namespace postern::cli
