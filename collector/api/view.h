// The directory's records as openapi.yaml shows them. No secret and no hash of one is ever in it. Pure.
#pragma once

#include <optional>

#include "collector/intake/presence.h"
#include "shared/json/writer.h"
#include "shared/wire/directory.pb.h"

namespace postern::api {

// `now` tells what has expired; seconds since 1970.
void Write(const wire::KeyRecord& key, int64_t now, json::Writer& out);
void Write(const wire::UserRecord& user, json::Writer& out);
void Write(const wire::TeamRecord& team, json::Writer& out);
void Write(const wire::CredentialRecord& credential, json::Writer& out);
void Write(const wire::AgentRecord& agent, const std::optional<intake::AgentPresence>& presence,
           json::Writer& out);
void Write(const wire::EnrolmentTokenRecord& token, int64_t now, json::Writer& out);
void Write(const wire::AdministratorRecord& administrator, json::Writer& out);

// A time in seconds; null where it is 0.
void WriteTime(std::string_view name, int64_t seconds, json::Writer& out);

}  // namespace postern::api
