#include "agent/commands/key.h"

#include <algorithm>
#include <ostream>

#include "agent/commands/options.h"
#include "agent/identity/key_file.h"
#include "agent/membership/enrolment.h"
#include "shared/base/clock.h"
#include "shared/base/json_text.h"
#include "shared/command_line/table.h"
#include "shared/command_line/times.h"
#include "shared/crypto/random.h"
#include "shared/tokens/token.h"

namespace postern::commands {
namespace {

using identity::KeyRecord;
using identity::KeyTable;
using std::chrono::sys_seconds;

using command_line::Arguments;
using command_line::Invocation;
using command_line::kDone;
using command_line::Option;

std::string JsonList(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts) json += (json.empty() ? "" : ",") + JsonString(text);
  return '[' + json + ']';
}

std::string_view State(const KeyRecord& record, sys_seconds now) {
  if (record.disabled) return "disabled";
  return record.expires && *record.expires <= now ? "expired" : "active";
}

sys_seconds Now() { return std::chrono::floor<std::chrono::seconds>(WallNow()); }

// The members of a key's JSON object, without the braces.
std::string JsonMembers(const KeyRecord& record) {
  std::string json =
      "\"id\":" + JsonString(record.id.value) + ",\"user\":" + JsonString(record.principal.user) +
      ",\"team\":" + JsonString(record.principal.team) +
      ",\"organisation\":" + JsonString(record.principal.organisation) +
      ",\"label\":" + JsonString(record.label) +
      ",\"created\":" + JsonString(identity::FormatTime(record.created)) + ",\"expires\":" +
      (record.expires ? JsonString(identity::FormatTime(*record.expires)) : std::string("null"));
  return json + ",\"state\":" + JsonString(State(record, Now())) + ",\"hosts\":" + JsonList(record.hosts) +
         ",\"os_users\":" + JsonList(record.os_users);
}

Result<sys_seconds> ParseExpiry(const std::string& text) {
  if (const auto time = command_line::ParseUntil(text, WallNow())) return *time;
  return Error{ErrorCode::kInvalid,
               "--expires: found \"" + text +
                   "\", allowed is a time to come, such as 2027-01-31, 2027-01-31T12:00:00Z, 90d or 12h"};
}

Status RefuseControlCharacters(const Arguments& arguments) {
  for (const char* option : {"user", "team", "organisation", "label", "host", "os-user"}) {
    const std::string text = arguments.Value(option).value_or("");
    const bool odd =
        std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (odd)
      return Error{ErrorCode::kInvalid, "--" + std::string(option) + ": control characters are not allowed"};
  }
  return Ok{};
}

Result<KeyRecord> RecordFrom(const Arguments& arguments, sys_seconds now) {
  RETURN_IF_ERROR(RefuseControlCharacters(arguments));
  const auto text = [&](std::string_view option) { return arguments.Value(option).value_or(""); };
  KeyRecord record;
  record.principal = {text("user"), text("team"), text("organisation")};
  if (record.principal.user.empty()) return Error{ErrorCode::kInvalid, "--user NAME is missing"};
  record.label = text("label");
  record.created = now;
  record.hosts = arguments.List("host");
  record.os_users = arguments.List("os-user");
  if (const auto expires = arguments.Value("expires")) {
    ASSIGN_OR_RETURN(record.expires, ParseExpiry(*expires));
  }
  return record;
}

// A file that can't be read or written is a refusal: nothing was to be reached.
int FailAtFile(const Invocation& call, const Error& error) {
  return call.Fail(error.code == ErrorCode::kUnavailable ? Error{ErrorCode::kDenied, error.message} : error);
}

Result<std::filesystem::path> KeysPath(const Invocation& call) {
  if (const auto file = call.arguments.Value("file")) return std::filesystem::path(*file);
  ASSIGN_OR_RETURN(const agent::AgentConfig config, LoadConfig(call));
  return config.keys;
}

// Keys of a file count on a lone host only.
void WarnMember(const Invocation& call) {
  if (call.arguments.Has("file")) return;
  const auto config = LoadConfig(call);
  if (!config || config->collector == agent::CollectorUse::kNone) return;
  const auto enrolment = membership::LoadEnrolment(config->state);
  if (!enrolment || !*enrolment) return;
  call.err << "This host is a member of " << (*enrolment)->url
           << ", whose keys count here; this one doesn't. Make keys with `postern key create`.\n";
}

int Create(const Invocation& call) {
  const auto file = KeysPath(call);
  if (!file) return call.Fail(file.error());
  auto record = RecordFrom(call.arguments, Now());
  if (!record) return call.Fail(record.error());
  std::string text = tokens::Make(tokens::Kind::kVirtualKey, crypto::RandomBytes);
  const tokens::Token key = tokens::Parse(tokens::Kind::kVirtualKey, text);
  record->id.value = key.id;
  record->secret_hash = tokens::HashSecret(key.secret);
  const Status appended = identity::AppendKey(*file, *record);
  if (!appended) return FailAtFile(call, appended.error());
  if (call.arguments.Has("json")) {
    call.out << "{\"key\":" << JsonString(text) << ',' << JsonMembers(*record) << "}\n";
  } else {
    call.out << text << '\n';
    call.err
        << "Key " << record->id.value << " for " << record->principal.user << ", kept as a hash in "
        << file->string()
        << ".\nThis is the only time that it is shown. Give it to Claude Code as ANTHROPIC_AUTH_TOKEN.\n";
  }
  crypto::Cleanse(text);
  WarnMember(call);
  return kDone;
}

int List(const Invocation& call) {
  const auto file = KeysPath(call);
  if (!file) return call.Fail(file.error());
  const auto keys = KeyTable::Load(*file);
  if (!keys) return FailAtFile(call, keys.error());
  if (call.arguments.Has("json")) {
    for (const KeyRecord& record : keys->records()) call.out << '{' << JsonMembers(record) << "}\n";
    return kDone;
  }
  command_line::Table table({{"ID"}, {"STATE"}, {"CREATED"}, {"EXPIRES"}, {"USER"}, {"TEAM"}, {"LABEL"}});
  for (const KeyRecord& record : keys->records()) {
    table.Add({record.id.value, std::string(State(record, Now())), identity::FormatTime(record.created),
               record.expires ? identity::FormatTime(*record.expires) : "never", record.principal.user,
               record.principal.team, record.label});
  }
  table.Print(call.out);
  return kDone;
}

int Switch(const Invocation& call, identity::KeySwitch position) {
  const auto file = KeysPath(call);
  if (!file) return call.Fail(file.error());
  const std::string& id = call.word(0);
  if (!tokens::IsId(id)) {
    // Not shown: somebody may have pasted the whole key.
    return call.Fail(
        {ErrorCode::kInvalid, "allowed is one key's id: 12 small letters and digits, as `key list` shows"});
  }
  const Status switched = identity::SwitchKey(*file, KeyId{id}, position);
  if (!switched) return FailAtFile(call, switched.error());
  call.err << "Key " << id << " is " << (position == identity::KeySwitch::kDisabled ? "disabled" : "enabled")
           << ". A running agent knows after SIGHUP.\n";
  return kDone;
}

int Disable(const Invocation& call) { return Switch(call, identity::KeySwitch::kDisabled); }
int Enable(const Invocation& call) { return Switch(call, identity::KeySwitch::kEnabled); }

}  // namespace

std::vector<command_line::Command> KeyCommands() {
  const Option file{.name = "file",
                    .value = "FILE",
                    .sentence = "keys.yaml itself; no configuration is read then.",
                    .completes = command_line::Completes::kFiles};
  const std::vector<Option> places{kConfigOption, file};
  const std::vector<Option> places_and_json{kConfigOption, file, kJsonOption};
  return {
      {.name = "key create",
       .sentence = "Makes a key and prints it, once: it can't be shown again.",
       .details = "Only its hash is kept, in keys.yaml. A running agent reads that again on SIGHUP.",
       .options = command_line::Join(
           {{.name = "user",
             .value = "NAME",
             .sentence = "Whose key it is.",
             .need = command_line::Need::kRequired},
            {.name = "team", .value = "NAME", .sentence = "The user's team."},
            {.name = "organisation", .value = "NAME", .sentence = "The user's organisation."},
            {.name = "label", .value = "TEXT", .sentence = "What the key is for."},
            {.name = "expires",
             .value = "TIME",
             .sentence = "2027-01-31, 2027-01-31T12:00:00Z, or from now: 90d, 12h."},
            {.name = "host", .value = "NAME,…", .sentence = "The key works only on these hosts."},
            {.name = "os-user",
             .value = "NAME,…",
             .sentence = "The key works only for programs of these users (names or numbers)."}},
           places_and_json),
       .run = Create},
      {.name = "key list",
       .sentence = "Shows the keys, without their secrets.",
       .options = places_and_json,
       .run = List},
      {.name = "key disable",
       .words = "ID",
       .sentence = "Switches a key off.",
       .options = places,
       .run = Disable},
      {.name = "key enable",
       .words = "ID",
       .sentence = "Switches it on again.",
       .options = places,
       .run = Enable},
  };
}

}  // namespace postern::commands
