#include "agent/commands/key.h"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <ostream>

#include "agent/commands/arguments.h"
#include "agent/config.h"
#include "agent/identity/key_file.h"
#include "shared/base/clock.h"
#include "shared/base/json_text.h"
#include "shared/crypto/random.h"
#include "shared/tokens/token.h"

namespace postern::commands {
namespace {

using identity::KeyRecord;
using identity::KeyTable;
using std::chrono::sys_seconds;

constexpr std::string_view kHelp =
    R"(Virtual keys of this host, kept as hashes in keys.yaml. A running agent reads them again on SIGHUP.

  postern-agent key create --user NAME [--team NAME] [--organisation NAME] [--label TEXT]
                           [--expires TIME] [--host NAME,…] [--os-user NAME,…] [--json]
      Makes a key and prints it, once: it can't be shown again.
      --expires    2027-01-31, 2027-01-31T12:00:00Z, or from now: 90d, 12h
      --host       the key works only on these hosts
      --os-user    the key works only for programs of these users (names or numbers)

  postern-agent key list [--json]
  postern-agent key disable ID
  postern-agent key enable ID

All of them:
      --config FILE   the agent's configuration, which says where keys.yaml is (/etc/postern/agent.yaml)
      --file FILE     keys.yaml itself; no configuration is read then

Exit codes: 0 done, 1 refused or not found, 2 wrong usage or configuration.
)";

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kUsage = 2;

// One invocation's arguments and outlets.
struct Call {
  const Arguments& arguments;
  std::filesystem::path file;
  std::ostream& out;
  std::ostream& err;
};

int Fail(std::ostream& err, const Error& error) {
  err << "postern-agent key: " << error.message << '\n';
  return error.code == ErrorCode::kInvalid ? kUsage : kRefused;
}

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

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// A time, or one from now on: 90d, 12h.
Result<sys_seconds> ParseExpiry(const std::string& text, sys_seconds now) {
  const auto ahead = [&]() -> std::optional<sys_seconds> {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end + 1 != text.data() + text.size() || number > 1'000'000)
      return std::nullopt;
    if (*end == 'd') return now + std::chrono::days(number);
    if (*end == 'h') return now + std::chrono::hours(number);
    return std::nullopt;
  };
  const auto time = identity::ParseTime(text);
  const auto expiry = time ? time : ahead();
  if (expiry && *expiry > now) return *expiry;
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
  record.hosts = SplitAtCommas(text("host"));
  record.os_users = SplitAtCommas(text("os-user"));
  if (const auto expires = arguments.Value("expires")) {
    ASSIGN_OR_RETURN(record.expires, ParseExpiry(*expires, now));
  }
  return record;
}

int Create(const Call& call) {
  auto record = RecordFrom(call.arguments, Now());
  if (!record) return Fail(call.err, record.error());
  std::string text = tokens::Make(tokens::Kind::kVirtualKey, crypto::RandomBytes);
  const tokens::Token key = tokens::Parse(tokens::Kind::kVirtualKey, text);
  record->id.value = key.id;
  record->secret_hash = tokens::HashSecret(key.secret);
  const Status appended = identity::AppendKey(call.file, *record);
  if (!appended) return Fail(call.err, appended.error());
  if (call.arguments.Has("json")) {
    call.out << "{\"key\":" << JsonString(text) << ',' << JsonMembers(*record) << "}\n";
  } else {
    call.out << text << '\n';
    call.err
        << "Key " << record->id.value << " for " << record->principal.user << ", kept as a hash in "
        << call.file.string()
        << ".\nThis is the only time that it is shown. Give it to Claude Code as ANTHROPIC_AUTH_TOKEN.\n";
  }
  crypto::Cleanse(text);
  return kDone;
}

int List(const Call& call) {
  const auto table = KeyTable::Load(call.file);
  if (!table) return Fail(call.err, table.error());
  if (call.arguments.Has("json")) {
    for (const KeyRecord& record : table->records()) call.out << '{' << JsonMembers(record) << "}\n";
    return kDone;
  }
  const auto row = [&](std::string_view id, std::string_view state, std::string_view created,
                       std::string_view expires, std::string_view user, std::string_view team,
                       std::string_view label) {
    call.out << std::left << std::setw(14) << id << std::setw(10) << state << std::setw(22) << created
             << std::setw(22) << expires << std::setw(26) << user << ' ' << std::setw(14) << team << ' '
             << label << '\n';
  };
  row("ID", "STATE", "CREATED", "EXPIRES", "USER", "TEAM", "LABEL");
  for (const KeyRecord& record : table->records()) {
    row(record.id.value, State(record, Now()), identity::FormatTime(record.created),
        record.expires ? identity::FormatTime(*record.expires) : "never", record.principal.user,
        record.principal.team, record.label);
  }
  return kDone;
}

int Switch(const Call& call, identity::KeySwitch position) {
  const auto& words = call.arguments.words();
  if (words.size() != 2 || !tokens::IsId(words[1])) {
    // Not shown: somebody may have pasted the whole key.
    return Fail(call.err, {ErrorCode::kInvalid,
                           "allowed is one key's id: 12 small letters and digits, as `key list` shows"});
  }
  const Status switched = identity::SwitchKey(call.file, KeyId{words[1]}, position);
  if (!switched) return Fail(call.err, switched.error());
  call.err << "Key " << words[1] << " is "
           << (position == identity::KeySwitch::kDisabled ? "disabled" : "enabled")
           << ". A running agent knows after SIGHUP.\n";
  return kDone;
}

Result<std::filesystem::path> KeysPath(const Arguments& arguments) {
  if (const auto file = arguments.Value("file")) return std::filesystem::path(*file);
  ASSIGN_OR_RETURN(const agent::AgentConfig config,
                   agent::LoadAgentConfig(arguments.Value("config").value_or("/etc/postern/agent.yaml")));
  return config.keys;
}

}  // namespace

int RunKeyCommand(std::span<const std::string> arguments, std::ostream& out, std::ostream& err) {
  const auto parsed = Arguments::Parse(
      arguments, {"user", "team", "organisation", "label", "expires", "host", "os-user", "config", "file"},
      {"json", "help"});
  if (!parsed) return Fail(err, parsed.error());
  if (parsed->Has("help")) {
    out << kHelp;
    return kDone;
  }
  const std::string verb = parsed->words().empty() ? "" : parsed->words()[0];
  const bool takes_id = verb == "disable" || verb == "enable";
  if ((verb != "create" && verb != "list" && !takes_id) || (!takes_id && parsed->words().size() != 1)) {
    err << kHelp;
    return kUsage;
  }
  const auto file = KeysPath(*parsed);
  if (!file) {
    Fail(err, file.error());
    return kUsage;
  }
  const Call call{*parsed, *file, out, err};
  if (verb == "create") return Create(call);
  if (verb == "list") return List(call);
  return Switch(call, verb == "disable" ? identity::KeySwitch::kDisabled : identity::KeySwitch::kEnabled);
}

}  // namespace postern::commands
