// What the provider answers: authentication, endpoints, and the plan that applies.
#pragma once

#include <optional>
#include <string_view>

#include "shared/http/message.h"
#include "tests/support/provider/answer.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

class Provider;
struct Record;

struct Reply {
  Plan plan;
  Answer answer;
};

// The answer to a request whose body needn't be read, where the script or the request's `x-sim: do:` says so.
std::optional<Reply> ReplyEarly(Provider& provider, const http::Head& head, Record& record);
Reply ReplyTo(Provider& provider, const http::Head& head, std::string_view body, Record& record);
Reply ReplyTooLarge(Record& record);

}  // namespace postern::provider
