// What handlers have in common: reading a body, and turning what the directory returned into an answer.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collector/api/handlers.h"
#include "collector/audit/parameters.h"
#include "collector/directory/page.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::api {

enum class Body { kRequired, kMayBeMissing };

// The request's body, an object with no other fields than these. kInvalid.
Result<json::Object> ReadBody(const Call& call, Body body, std::initializer_list<std::string_view> fields);

// A time of the body in seconds since 1970, 0 where it is null; nothing where it isn't there.
Result<std::optional<int64_t>> ReadTime(const json::Object& body, std::string_view name);

// The user that a developer is held to; nothing for other roles. kDenied for a developer without a user, and
// where another user is asked for.
Result<std::optional<std::string>> OwnUser(const Call& call, const std::optional<std::string>& asked);

// A refusal of the directory's, which has recorded it: its kDenied speaks of the state of a thing, not of the
// caller's rights, and so is a conflict.
rest::Response Conflict(const Error& error);

// What the page's request says, for the directory.
inline directory::PageRequest PageOf(const audit::ListQuery& query) {
  return {.cursor = query.cursor, .limit = query.limit};
}

template <class Write>
rest::Response Json(int status, const Write& write) {
  json::Writer out;
  write(out);
  return rest::Json(status, out.Take());
}

// {"items": […], "next": …}
template <class T, class Write>
Answer Listed(const Result<directory::Page<T>>& page, const Write& write) {
  if (!page) return page.error();
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (const T& item : page->items) write(item, out);
    out.EndList();
    if (page->next) out.Text("next", *page->next);
    else out.Null("next");
    out.EndObject();
  });
}

// What a change left behind, or why the directory didn't make it.
template <class T, class Write>
Answer Changed(int status, const Result<T>& result, const Write& write) {
  if (!result) return Conflict(result.error());
  return Json(status, [&](json::Writer& out) { write(*result, out); });
}

inline Answer Removed(const Status& status) {
  if (!status) return Conflict(status.error());
  rest::Response response;
  response.status = 204;
  return response;
}

}  // namespace postern::api
