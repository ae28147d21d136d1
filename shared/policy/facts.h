// What is asked: everything about an exchange that a policy can speak of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/base/clock.h"

namespace postern::policy {

enum class Call : uint8_t {
  kMessages,
  kCountTokens,  // judged as a message would be, but for the caps: a client must be able to learn that it is
                 // too long
  kListModels,   // no model and no tools: may this key do anything here, now?
};

// An entry of a request's `tools`.
struct Tool {
  std::string_view name;  // of the mcp_toolset there may be none
  std::string_view type;  // empty or "custom": a tool that the client runs
};

// What `tool_choice` asks for.
enum class ToolChoice : uint8_t {
  kFree,   // "auto", "none", or nothing
  kAny,    // some tool must be used
  kNamed,  // this one: Facts::forced_tool
};

// By this name policies speak of a provider credential that agent.yaml itself names, instead of one that the
// collector gives.
inline constexpr std::string_view kOwnCredential = "agent.yaml";

// All of it is borrowed for the call. Empty texts are what isn't known; where a rule speaks of it, that
// refuses.
struct Facts {
  Call call = Call::kMessages;
  WallTime time{};

  std::string_view team;
  std::string_view user;
  std::string_view key;      // its id; empty with identity os_user
  std::string_view host;     // as the agent is called in the directory
  std::string_view os_user;  // by name, and by number; both empty where the kernel names no user
  std::string_view os_user_number;

  std::string_view provider;
  std::span<const std::string> residency;    // the tags of the provider, from agent.yaml
  std::span<const std::string> credentials;  // that may be used, the preferred one first; of more than 64 the
                                             // rest is out

  std::string_view model;  // as the client wrote it
  std::span<const Tool> tools;
  ToolChoice tool_choice = ToolChoice::kFree;
  std::string_view forced_tool;
  int64_t mcp_servers = 0;     // that the provider is asked to connect to
  int64_t context_tokens = 0;  // an estimate
  std::optional<int64_t> max_tokens;
};

}  // namespace postern::policy
