// Policies, what is found about them, and freezes, as openapi.yaml shows them. Pure.
#pragma once

#include <functional>

#include "collector/policy/policies.h"
#include "shared/json/writer.h"

namespace postern::api {

void Write(const policies::Version& version, json::Writer& out);
// `write_limits` writes the list of those that it meets.
void Write(const policies::Explained& explained, const std::function<void(json::Writer&)>& write_limits,
           json::Writer& out);
void Write(const wire::Freeze& freeze, json::Writer& out);

// Of an attempt: what it left, why it was refused, or what it would come to.
void WriteApplied(const policies::Attempt& attempt, json::Writer& out);
void WriteRefused(const policies::Attempt& attempt, ErrorCode code, json::Writer& out);
void WriteChecked(const policies::Attempt& attempt, json::Writer& out);
void WriteCompared(const policies::Attempt& attempt, json::Writer& out);

}  // namespace postern::api
