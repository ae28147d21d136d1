// How this host's record is kept: from the configuration to the spool's options, and to what each start says
// of the agent.
#pragma once

#include <filesystem>
#include <string>

#include "agent/config.h"
#include "agent/spool/spool.h"
#include "shared/base/result.h"

namespace postern::agent {

enum class Membership { kLone, kMember };

// What this host calls itself.
std::string HostName();

// kNotFound where the configuration's file, whose hash each start tells, can't be read.
Result<spool::Options> RecordOptions(const AgentConfig& config, const std::filesystem::path& config_file,
                                     Membership as);

}  // namespace postern::agent
