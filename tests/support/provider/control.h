// The test's side of the provider, under /_control/: scripts in, observations out. README.md lists the
// requests.
#pragma once

#include <string_view>

#include "shared/http/loop.h"
#include "shared/http/message.h"
#include "tests/support/provider/answer.h"

namespace postern::provider {

class Provider;

// Waits where the request asks to wait. The arguments must live as long.
http::Task<Answer> Control(Provider& provider, http::Strand& strand, const http::Head& head,
                           std::string_view body);

}  // namespace postern::provider
