#include "agent/identity/key_file.h"

#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "agent/identity/descriptor.h"
#include "agent/identity/user_names.h"
#include "shared/base/hex.h"
#include "shared/config/node.h"

namespace postern::identity {
namespace {

using std::filesystem::path;

constexpr std::string_view kHeader =
    "# Virtual keys as hashes: made by `postern-agent key create`, switched by `postern-agent key disable` "
    "and `enable`.\n";

Error Unavailable(const path& file, std::string_view what) {
  return Error{ErrorCode::kUnavailable, file.string() + ": can't be " + std::string(what) + ": " +
                                            std::generic_category().message(errno)};
}

Error NotByUs(const path& file) {
  return Error{ErrorCode::kInvalid, file.string() + ": is written in a way that can only be changed by hand"};
}

Result<std::string> ReadAll(const path& file, int descriptor) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unavailable(file, "read");
    if (got == 0 || text.size() > config::kMaxFileBytes) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

Status WriteAll(const path& file, int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Unavailable(file, "written");
    text.remove_prefix(static_cast<size_t>(put));
  }
  return Ok{};
}

// Removes the file that was written aside, unless it has been put in place.
struct Aside {
  path name;
  bool placed = false;
  ~Aside() {
    if (!placed) unlink(name.c_str());
  }
};

// The file as it is, with its directory locked against other changes until this is gone.
struct Opened {
  Descriptor directory;
  std::string text;
  bool exists = false;
  struct stat status{};
};

Result<Opened> Open(const path& file) {
  Opened opened;
  opened.directory = Descriptor(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.directory.is_open()) return Unavailable(file.parent_path(), "opened");
  while (flock(opened.directory.number(), LOCK_EX) != 0) {
    if (errno != EINTR) return Unavailable(file.parent_path(), "locked");
  }
  const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.is_open() && errno == ENOENT) return opened;
  if (!descriptor.is_open() || fstat(descriptor.number(), &opened.status) != 0)
    return Unavailable(file, "opened");
  opened.exists = true;
  ASSIGN_OR_RETURN(opened.text, ReadAll(file, descriptor.number()));
  return opened;
}

Status Replace(const path& file, const Opened& opened, std::string_view text) {
  Aside aside{file.string() + ".new"};
  unlink(aside.name.c_str());  // left by a crash: the lock is ours
  const Descriptor descriptor(
      open(aside.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!descriptor.is_open()) return Unavailable(aside.name, "made");
  if (opened.exists) {
    const bool same_owner = opened.status.st_uid == geteuid() && opened.status.st_gid == getegid();
    if (!same_owner && fchown(descriptor.number(), opened.status.st_uid, opened.status.st_gid) != 0) {
      return Unavailable(aside.name, "given its owner");
    }
    if (fchmod(descriptor.number(), opened.status.st_mode & 0777) != 0)
      return Unavailable(aside.name, "given its mode");
  }
  RETURN_IF_ERROR(WriteAll(aside.name, descriptor.number(), text));
  if (fsync(descriptor.number()) != 0) return Unavailable(aside.name, "synced");
  if (rename(aside.name.c_str(), file.c_str()) != 0) return Unavailable(file, "replaced");
  aside.placed = true;
  if (fsync(opened.directory.number()) != 0) return Unavailable(file.parent_path(), "synced");
  return Ok{};
}

// A double-quoted YAML scalar. Control characters don't get this far: reading the result again refuses them.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string List(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + Quoted(text);
  return '[' + list + ']';
}

std::string Entry(const KeyRecord& record) {
  std::string entry = "- id: " + Quoted(record.id.value) + "\n";
  const auto add = [&](std::string_view key, const std::string& value) {
    entry.append("  ").append(key).append(": ").append(value).append("\n");
  };
  add("sha256", Quoted(ToHex(crypto::AsBytes(record.secret_hash))));
  add("user", Quoted(record.principal.user));
  if (!record.principal.team.empty()) add("team", Quoted(record.principal.team));
  if (!record.principal.organisation.empty()) add("organisation", Quoted(record.principal.organisation));
  if (!record.label.empty()) add("label", Quoted(record.label));
  add("created", FormatTime(record.created));
  if (record.expires) add("expires", FormatTime(*record.expires));
  if (record.disabled) add("disabled", "true");
  if (!record.hosts.empty()) add("hosts", List(record.hosts));
  if (!record.os_users.empty()) add("os_users", List(record.os_users));
  return entry;
}

// The line on which an entry has this key, counted from 1; 0 where it hasn't.
int LineOf(const std::vector<std::pair<std::string, config::Node>>& entries, std::string_view key) {
  for (const auto& [name, node] : entries) {
    if (name == key) return node.line();
  }
  return 0;
}

size_t BeginOfLine(const std::string& text, int line) {
  size_t at = 0;
  for (int i = 1; i < line && at < text.size(); ++i) at = std::min(text.find('\n', at), text.size() - 1) + 1;
  return at;
}

size_t EndOfLine(const std::string& text, size_t begin) {
  return std::min(text.find('\n', begin), text.size());
}

std::string WithSwitch(std::string text, int id_line, int disabled_line, KeySwitch position) {
  const std::string value = position == KeySwitch::kDisabled ? "true" : "false";
  if (disabled_line == 0) {
    const size_t begin = BeginOfLine(text, id_line);
    const size_t end = EndOfLine(text, begin);
    const size_t column = text.find("id", begin) - begin;
    return text.insert(end, '\n' + std::string(column, ' ') + "disabled: " + value);
  }
  const std::string_view kWritten = "disabled:";
  const size_t key = text.find(kWritten, BeginOfLine(text, disabled_line));
  if (key == text.npos) return text;
  const size_t begin = text.find_first_not_of(' ', key + kWritten.size());
  const size_t end = std::min(text.find_first_not_of("aeflrstu", begin), text.size());
  return text.replace(begin, end - begin, value);
}

// The entry of a key that is there.
Result<config::Node> FindEntry(const config::Node& root, const KeyId& id) {
  ASSIGN_OR_RETURN(const auto nodes, root.AsList());
  for (const config::Node& node : nodes) {
    ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
    for (const auto& [name, value] : entries) {
      if (name == "id" && value.AsString().value_or("") == id.value) return node;
    }
  }
  return Error{ErrorCode::kNotFound, "there is no key " + id.value};
}

bool Holds(const std::string& text, const path& file, const std::vector<KeyRecord>& records) {
  const auto table = KeyTable::Parse(text, file.string());
  return table && table->records() == records;
}

// Where the file really is, so that a link to it stays one.
path Resolved(const path& file) {
  std::error_code ignored;
  const path resolved = std::filesystem::weakly_canonical(std::filesystem::absolute(file, ignored), ignored);
  return resolved.empty() ? file : resolved;
}

}  // namespace

Status AppendKey(const path& link, const KeyRecord& record) {
  const path file = Resolved(link);
  ASSIGN_OR_RETURN(const Opened opened, Open(file));
  ASSIGN_OR_RETURN(const KeyTable table, KeyTable::Parse(opened.text, file.string()));
  if (table.Find(record.id.value) != nullptr) {
    return Error{ErrorCode::kInvalid, file.string() + ": there is a key " + record.id.value + " already"};
  }
  std::string text = opened.exists ? opened.text : std::string(kHeader);
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += Entry(record);
  std::vector<KeyRecord> expected = table.records();
  expected.push_back(record);
  expected.back().os_uids = FindUids(record.os_users);
  if (!Holds(text, file, expected)) return NotByUs(file);
  return Replace(file, opened, text);
}

Status SwitchKey(const path& link, const KeyId& id, KeySwitch position) {
  const path file = Resolved(link);
  ASSIGN_OR_RETURN(const Opened opened, Open(file));
  ASSIGN_OR_RETURN(const KeyTable table, KeyTable::Parse(opened.text, file.string()));
  const KeyRecord* record = table.Find(id.value);
  if (record == nullptr)
    return Error{ErrorCode::kNotFound, "there is no key " + id.value + " in " + file.string()};
  const bool disabled = position == KeySwitch::kDisabled;
  if (record->disabled == disabled) return Ok{};
  std::vector<KeyRecord> expected = table.records();
  expected[static_cast<size_t>(record - table.records().data())].disabled = disabled;
  ASSIGN_OR_RETURN(const config::Node root, config::Parse(opened.text, file.string()));
  ASSIGN_OR_RETURN(const config::Node entry, FindEntry(root, id));
  ASSIGN_OR_RETURN(const auto entries, entry.AsEntries());
  const std::string text =
      WithSwitch(opened.text, LineOf(entries, "id"), LineOf(entries, "disabled"), position);
  if (!Holds(text, file, expected)) return NotByUs(file);
  return Replace(file, opened, text);
}

}  // namespace postern::identity
