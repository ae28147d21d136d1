// An administrator's message (`message:` of a level or a limit) as it stands behind a refusal's sentence.
#pragma once

#include <string>

namespace postern::policy {

// "ask #ai-platform" → " Ask #ai-platform."; empty stays empty.
std::string BehindSentence(std::string message);

}  // namespace postern::policy
