// Looks at what a host's agent needs, without changing anything: files, disk, clock, ports, collector, and
// whether Claude Code is sent here. Each question has a bound of some seconds.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config.h"
#include "agent/doctor/managed_settings.h"
#include "agent/doctor/observation.h"
#include "agent/membership/enrolment.h"
#include "shared/base/clock.h"

namespace postern::doctor {

Observation ExamineState(const agent::AgentConfig& config);

// Whether the wall clock can be right: certificates, prices and the expiry of keys go by it. `there`: what
// the collector's clock says, if it could be asked.
Observation ExamineClock(WallTime here, std::optional<WallTime> there);

// Only while the agent doesn't run: whether another program has its ports.
Observation ExaminePort(std::string_view subject, const agent::Address& address);

// The collector's API by its fingerprint, and the port of the conversation. `time` is set to the collector's
// clock where it told.
std::vector<Observation> ExamineCollector(const membership::Enrolment& enrolment,
                                          std::optional<WallTime>& time);

// managed-settings.json and managed-settings.d/*.json in this directory, in the order in which they are
// merged.
std::vector<SettingsFile> ReadManagedSettings(const std::filesystem::path& directory);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7); nothing for anything else, and for
// years that WallTime can't hold.
std::optional<WallTime> ParseHttpDate(const std::string& text);

}  // namespace postern::doctor
