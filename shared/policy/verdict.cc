#include "shared/policy/verdict.h"

namespace postern::policy {

const char* Name(Aspect aspect) {
  switch (aspect) {
    case Aspect::kExpiry: return "expiry";
    case Aspect::kHours: return "hours";
    case Aspect::kHost: return "host";
    case Aspect::kOsUser: return "os_user";
    case Aspect::kProvider: return "provider";
    case Aspect::kResidency: return "residency";
    case Aspect::kCredential: return "credential";
    case Aspect::kModel: return "model";
    case Aspect::kMcpServers: return "mcp_servers";
    case Aspect::kTool: return "tool";
    case Aspect::kContext: return "context_tokens";
    case Aspect::kMaxTokens: return "max_tokens";
  }
  return "unknown";
}

}  // namespace postern::policy
