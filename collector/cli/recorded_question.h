// What a recorded exchange was, as a question to the policy: for `postern policy explain EXCHANGE`.
#pragma once

#include <string>

#include "shared/base/result.h"
#include "shared/json/value.h"

namespace postern::cli {

// `event`: an intent or a refusal as GET /v1/events gives it. The body of POST /v1/policy/explain, with all
// that the record tells: who, with which key, on which host, at which provider, for which model and tools,
// when, and by which version. Of tools that a refused request brought, and of how long its prompt was,
// nothing is recorded: who asks may say it.
std::string RecordedQuestion(const json::Value& event);

// The recorded question with what `said`, another question, has in it instead. Both are JSON objects.
Result<std::string> Supplemented(const std::string& recorded, const std::string& said);

}  // namespace postern::cli
