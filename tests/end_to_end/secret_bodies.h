// Requests with secrets in them.
#pragma once

#include <cstdint>
#include <string>

namespace postern::end_to_end {

// One that a built-in rule finds wherever it stands; another for each number.
std::string Token(uint64_t seed);

// Of a conversation in which this was read from a file.
std::string ReadOf(const std::string& text, const std::string& path = "/repo/.env");

}  // namespace postern::end_to_end
