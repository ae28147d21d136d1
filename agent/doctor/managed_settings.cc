#include "agent/doctor/managed_settings.h"

#include <algorithm>

#include "shared/json/value.h"

namespace postern::doctor {
namespace {

constexpr std::string_view kSubject = "managed settings";

Observation Observe(Verdict verdict, std::string sentence) {
  return {std::string(kSubject), verdict, std::move(sentence)};
}

// Nothing where the file says nothing of it.
Result<std::optional<std::string>> BaseUrl(const SettingsFile& file) {
  ASSIGN_OR_RETURN(const json::Value value, json::Parse(file.text));
  ASSIGN_OR_RETURN(const json::Object settings, value.AsOpenObject());
  const auto env = settings.Find("env");
  if (!env || env->is_null()) return std::optional<std::string>();
  ASSIGN_OR_RETURN(const json::Object variables, env->AsOpenObject());
  return variables.OptionalText("ANTHROPIC_BASE_URL");
}

}  // namespace

bool LeadsHere(std::string_view url, uint16_t port) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::string suffix = ":" + std::to_string(port);
  if (!url.ends_with(suffix)) return false;
  url.remove_suffix(suffix.size());
  return url == "127.0.0.1" || url == "localhost" || url == "[::1]";
}

Observation ExamineManagedSettings(const std::vector<SettingsFile>& files, uint16_t port, Host host) {
  std::optional<std::string> url;
  std::string where;
  for (const SettingsFile& file : files) {
    const auto said = BaseUrl(file);
    if (!said)
      return Observe(Verdict::kFinding,
                     file.path + " can't be read as settings: " + said.error().message + ".");
    if (!*said) continue;
    url = **said;
    where = file.path;
  }
  const std::string wanted = "http://127.0.0.1:" + std::to_string(port);
  if (!url) {
    return Observe(host == Host::kMember ? Verdict::kFinding : Verdict::kNote,
                   "No managed settings send Claude Code here: without ANTHROPIC_BASE_URL=" + wanted +
                       " it goes past this gate.");
  }
  if (LeadsHere(*url, port)) return Observe(Verdict::kGood, where + " sends Claude Code here.");
  // Not shown: people put credentials into URLs.
  return Observe(Verdict::kFinding,
                 where + " sends Claude Code elsewhere: ANTHROPIC_BASE_URL should be " + wanted + ".");
}

}  // namespace postern::doctor
