// The heads that nearly all clients and providers send, read at a fraction of llhttp's cost.
//
// What is taken here is a small part of what llhttp takes, and means the same to both: a short method and a
// plain path, header lines that are "name: value" in printable ASCII, a body with a length or none.
// Everything else is declined, and is llhttp's to read or to refuse: whatever concerns connections (but
// "keep-alive"), codings and upgrades, white space in unusual places, a length that isn't a plain number or
// is given twice. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/http/message.h"
#include "shared/http/message_parser.h"

namespace postern::http {

// The size of the head at the front of `bytes`, with `head` filled by views into them. 0 where it is declined
// or isn't there to its end; `head` then holds nothing of use.
size_t ReadPlainHead(MessageParser::Role role, std::string_view bytes, Head& head);

}  // namespace postern::http
