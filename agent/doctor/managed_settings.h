// Where Claude Code's managed settings send its requests: env.ANTHROPIC_BASE_URL, of which the last file that
// sets it wins (managed-settings.json, then managed-settings.d/*.json in the order of their names). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/doctor/observation.h"

namespace postern::doctor {

struct SettingsFile {
  std::string path;
  std::string text;
};

// Whether a URL leads to this port of this machine's loopback over plain HTTP, with no path.
bool LeadsHere(std::string_view url, uint16_t port);

// Where nobody delivers settings, who is a member of an organisation has a finding, others a note.
enum class Host { kLone, kMember };

// `files` in the order in which they are merged.
Observation ExamineManagedSettings(const std::vector<SettingsFile>& files, uint16_t port, Host host);

}  // namespace postern::doctor
