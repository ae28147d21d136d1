// Which machine this is, without saying it.
#pragma once

#include <string>

namespace postern::spool {

// 32 bytes: SHA-256 over a constant and the machine's id. machine-id(5) asks not to show the id itself to
// others; its hash is enough to see that it changed. A machine without the file has the hash of nothing.
std::string HashMachine(const std::string& machine_id_file = "/etc/machine-id");

}  // namespace postern::spool
