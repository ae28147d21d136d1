// The loopback port is not private: any local program and any web page can reach it. Programs show a key;
// pages are kept out here, by what a browser can't leave out or forge:
//   Host             must name this machine's loopback, or a page could rebind a name of its own to 127.0.0.1
//   Origin, Sec-Fetch-*   are sent by browsers only, so their presence is enough; but Node's fetch, and with
//   it the vendor's own
//                    library, says "Sec-Fetch-Mode: cors" and nothing else of these. A browser that says so
//                    also says Sec-Fetch-Site (Fetch Metadata), and Origin when the request leaves its page's
//                    origin (Fetch)
//   Content-Type     a POST must be application/json: pages can send that across origins only after asking
//   (with Origin)
// Pure. Fails closed.
#pragma once

#include <optional>

#include "agent/gate/refusal.h"
#include "shared/http/message.h"

namespace postern::gate {

// Nothing if the request may go on.
std::optional<Refusal> GuardLoopback(const http::Head& head);

// Whether a Host header names localhost, 127.0.0.1 or [::1], with any port or none.
bool IsLoopbackHost(std::string_view host);

}  // namespace postern::gate
