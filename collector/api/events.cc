#include <memory>

#include "collector/api/answers.h"
#include "collector/audit/event_reader.h"
#include "collector/audit/logged_event.h"
#include "collector/audit/usage_table.h"

namespace postern::api {
namespace {

// How often somebody who waits looks.
constexpr std::chrono::milliseconds kLook{250};

Error TooManyWait() { return {ErrorCode::kExhausted, "too many wait for events already"}; }

bool WantsLines(const Call& call) {
  return call.request.Header("accept").find("application/jsonl") != std::string_view::npos;
}

rest::Response Page(const audit::EventAnswer& answer) {
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (const store::StoredEvent& event : answer.events) audit::WriteJson(event, out);
    out.EndList();
    if (answer.next) out.Text("next", *answer.next);
    else out.Null("next");
    out.Integer("last", answer.last).EndObject();
  });
}

Status WriteLines(const std::vector<store::StoredEvent>& events, rest::Stream& out) {
  std::string lines;
  json::Writer line;
  for (const store::StoredEvent& event : events) {
    audit::WriteJson(event, line);
    lines += line.Take() + "\n";
  }
  return lines.empty() ? Ok{} : out.Write(lines);
}

// All that match, page by page.
Status Export(audit::EventReader reader, audit::EventQuery query, rest::Stream& out) {
  query.limit = store::Store::kMaxPage;
  for (;;) {
    ASSIGN_OR_RETURN(audit::EventAnswer answer, reader.Query(query));
    RETURN_IF_ERROR(WriteLines(answer.events, out));
    if (!answer.next) return Ok{};
    query.cursor = std::move(answer.next);
  }
}

// A token that was removed, rotated, or has expired in the meantime, or another role, ends what it began.
bool StillMay(const Context& context, const wire::AdministratorRecord& caller) {
  const auto now = context.parts.directory.administrators().Find(caller.id());
  const int64_t seconds = context.parts.directory.registrar().now();
  return now && now->revision() == caller.revision() && !now->removed() &&
         (now->expires() == 0 || now->expires() > seconds);
}

Status Follow(const Context& context, const wire::AdministratorRecord& caller, audit::EventQuery query,
              rest::Stream& out) {
  audit::EventReader reader(context.parts.store);
  query.limit = store::Store::kMaxPage;
  auto last_sign = BootClock::now();
  for (;;) {
    ASSIGN_OR_RETURN(const audit::EventAnswer answer, reader.Query(query));
    RETURN_IF_ERROR(WriteLines(answer.events, out));
    if (answer.last >= 0) query.filter.after = store::Leaf{static_cast<uint64_t>(answer.last)};
    if (BootClock::now() - last_sign >= context.options.limits.sign_of_life) {
      if (!StillMay(context, caller)) return Ok{};
      RETURN_IF_ERROR(out.Write("\n"));
      last_sign = BootClock::now();
    }
    const bool more = answer.next.has_value();
    if (!more && !context.tails.Wait(kLook)) return Ok{};
  }
}

Answer Lines(const Context& context, const Call& call, const audit::EventQuery& query) {
  // Shared, since a function that is kept must be one that can be copied.
  const auto place = std::make_shared<Tails::Place>(context.tails, call.caller.id());
  if (!place->taken()) return TooManyWait();
  audit::EventReader reader(context.parts.store);
  audit::EventQuery first = query;
  first.limit = 1;
  RETURN_IF_ERROR(reader.Query(first));  // what can be refused is refused before the head is sent
  rest::Response response;
  response.content_type = "application/jsonl";
  response.stream = [&context, place, query, caller = call.caller](rest::Stream& out) {
    // A client that is gone, or a store that fails: either way the stream ends here.
    (void)(query.follows ? Follow(context, caller, query, out)
                         : Export(audit::EventReader(context.parts.store), query, out));
  };
  return response;
}

Answer WaitForPage(const Context& context, const Call& call, audit::EventQuery query) {
  audit::EventReader reader(context.parts.store);
  ASSIGN_OR_RETURN(audit::EventAnswer answer, reader.Query(query));
  if (!answer.events.empty() || query.wait == std::chrono::seconds(0)) return Page(answer);
  const Tails::Place place(context.tails, call.caller.id());
  if (!place.taken()) return TooManyWait();
  const auto end = BootClock::now() + query.wait;
  while (answer.events.empty() && BootClock::now() < end && context.tails.Wait(kLook)) {
    if (answer.last >= 0) query.filter.after = store::Leaf{static_cast<uint64_t>(answer.last)};
    ASSIGN_OR_RETURN(answer, reader.Query(query));
  }
  return Page(answer);
}

}  // namespace

Answer QueryEvents(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(audit::EventQuery query, audit::ParseEventQuery(call.request.query));
  ASSIGN_OR_RETURN(query.filter.user, OwnUser(call, query.filter.user));
  if (WantsLines(call)) return Lines(context, call, query);
  return WaitForPage(context, call, std::move(query));
}

Answer ShowEvents(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto own, OwnUser(call, {}));
  ASSIGN_OR_RETURN(const auto events, audit::EventReader(context.parts.store).Show(call.id, own));
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().BeginList("items");
    for (const store::StoredEvent& event : events) audit::WriteJson(event, out);
    out.EndList().EndObject();
  });
}

Answer ShowUsage(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(audit::UsageQuery query,
                   audit::ParseUsageQuery(call.request.query, context.options.wall_now()));
  ASSIGN_OR_RETURN(query.sums.filter.user, OwnUser(call, query.sums.filter.user));
  ASSIGN_OR_RETURN(std::string body, audit::UsageJson(context.parts.store, query));
  return rest::Json(200, std::move(body));
}

}  // namespace postern::api
