// What the agent's commands have in common.
#pragma once

#include "agent/config.h"
#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::commands {

inline constexpr std::string_view kDefaultConfig = "/etc/postern/agent.yaml";

inline const command_line::Option kConfigOption{
    .name = "config",
    .value = "FILE",
    .sentence = "The configuration (default /etc/postern/agent.yaml).",
    .completes = command_line::Completes::kFiles};
inline const command_line::Option kJsonOption{.name = "json", .sentence = "Prints JSON, for programs."};

std::filesystem::path ConfigFile(const command_line::Invocation& call);

// The configuration that --config names. Whatever is wrong with it is wrong usage, kInvalid.
Result<agent::AgentConfig> LoadConfig(const command_line::Invocation& call);

}  // namespace postern::commands
